/* The note editor: saves every ten seconds and when the window is left, says how things stand, and shows only the fields
   that an answer asks for. Without script the same form is saved by its buttons.
   A page that is left puts its window's name, and what it had not yet heard to be saved, into the storage of its tab; the
   next page of this note in the tab takes both out again and goes on. So a reload is the same window and loses nothing. */
"use strict";
(() => {
  const form = document.getElementById("note");
  if (!form) return;
  const EVERY = 10000;
  const words = form.dataset;
  const head = document.getElementById("saved");
  const state = document.getElementById("dock-state");
  const left = document.getElementById("left");
  const { version, turn, window: sign } = form.elements;
  const place = "note " + words.autosave;
  const OWN = ["version", "csrfmiddlewaretoken", "window", "turn", "visit"];
  let again = false, asking = false, gone = false, restored = false, turns = 0, counted = "";
  let last = snapshot(), saving = false, clashed = false, locked = false, leaving = false, told = "", heard = "";

  /* Who signs in again in another window gets a new token for forms, in the cookie; this page goes on with that one. */
  function renew() {
    const cookie = document.cookie.split("; ").find((each) => each.startsWith("csrftoken="));
    if (cookie) form.elements.csrfmiddlewaretoken.value = cookie.slice("csrftoken=".length);
  }
  function body() {
    renew();
    return new URLSearchParams(new FormData(form));
  }
  function snapshot() {
    const data = body();
    for (const name of OWN) data.delete(name);
    return data.toString();
  }
  /* Every new text of a window has a number, so that one which arrives late overwrites nothing newer. */
  function count(text) {
    if (text !== counted) turns += 1;
    counted = text;
    turn.value = turns;
  }
  const dirty = () => snapshot() !== last;
  /* What the risk check says now. It is sent even from a note that was signed meanwhile: a person must see it. */
  const risk = () => [...form.querySelectorAll("[name^=risk_]:checked")].map((input) => input.name + input.value).join();

  /* Only a change of state is announced. */
  function say(kind, text, url) {
    if (told === kind + text) return;
    told = kind + text;
    state.className = "saved" + (kind ? " " + kind : "");
    state.replaceChildren();
    if (url) {
      const link = document.createElement("a");
      link.href = url;
      link.textContent = text;
      state.append(link);
    } else { state.textContent = text; }
  }

  function rename() {
    sign.value = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    turns = 0;
    counted = "";
  }

  async function save() {
    /* What is asked for while a save is on its way is done as soon as that has arrived. */
    if (saving) { again = true; return; }
    if (asking || gone || leaving || !dirty() || (locked && risk() === heard)) return;
    saving = true;
    const sent = snapshot(), sentRisk = risk();
    count(sent);
    if (!clashed) say("", words.saving);
    try {
      const answer = await fetch(words.autosave, {
        method: "POST", body: body(), credentials: "same-origin", headers: { "HX-Request": "true", "Accept": "application/json" },
      });
      if (answer.ok) {
        const told = await answer.json();
        if (told.overtaken) {
          saving = false;
          if (told.overtaken === "known" && snapshot() === sent) {
            /* This text was saved before, and another window went on from it: show that. */
            leaving = true;
            window.location.reload();
          } else {
            /* Somebody else writes under our name. Under one of our own both texts are kept. */
            rename();
            save();
          }
          return;
        }
        version.value = told.version;
        last = sent;
        head.innerHTML = told.saved;
        left.innerHTML = told.left;
        for (const [part, words] of Object.entries(told.parts)) document.getElementById("state-" + part).textContent = words;
        clashed = false;
        say("", head.textContent.trim());
      } else if (answer.status === 409) {
        const refused = await answer.json();
        if (refused.locked || refused.gone) {
          /* Signed, or taken back with its visit: nothing more is saved, and what stands here waits to be copied. */
          locked = true;
          heard = sentRisk;
          say("is-clash", refused.locked ? words.locked : words.gone, refused.locked || refused.gone);
        } else {
          clashed = true;
          last = sent;
          say("is-clash", words.clash, refused.clash);
        }
      } else if (answer.status === 401) {
        say("is-late", `${(await answer.text()) || words.signedOut} ${words.again}`);
      } else { say("is-late", words.late); }
    } catch (error) { say("is-late", words.late); }
    saving = false;
    if (again) { again = false; save(); }
  }

  window.setInterval(save, EVERY);
  form.addEventListener("input", () => { if (!clashed && !locked && !saving && dirty()) say("", words.typing); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") { event.preventDefault(); save(); }
    /* Return in a one-line field must not press a button of the form. */
    if (event.key === "Enter" && event.target.matches("#note input:not([type=radio], [type=checkbox])")) event.preventDefault();
  });
  form.addEventListener("submit", () => { leaving = true; counted = ""; count(snapshot()); });
  window.addEventListener("beforeunload", (event) => { if (!leaving && dirty()) { save(); event.preventDefault(); } });

  /* Fields that depend on another answer. They keep what they hold while they are hidden. */
  function reveal() {
    for (const part of form.querySelectorAll("[data-when]")) {
      const chosen = form.elements[part.dataset.when];
      part.hidden = !part.dataset.values.split(" ").includes(chosen ? chosen.value : "");
    }
  }
  form.addEventListener("change", reveal);

  /* What a link leads to is unfolded first; not every browser does that by itself. */
  function unfold(address) {
    const target = address.length > 1 && document.getElementById(decodeURIComponent(address.slice(1)));
    for (let part = target && target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    return target;
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link) unfold(link.hash);
  });
  const wanted = unfold(window.location.hash);
  if (wanted) wanted.scrollIntoView();

  /* From page to page of one tab. */
  function take() {
    try {
      const kept = window.sessionStorage.getItem(place);
      window.sessionStorage.removeItem(place);
      return kept && JSON.parse(kept);
    } catch (error) { return null; }
  }
  function keep() {
    const unsaved = !leaving && !locked && dirty();
    if (unsaved) count(snapshot());
    const kept = { window: sign.value, turns, ...(unsaved && { text: snapshot(), version: version.value }) };
    try { window.sessionStorage.setItem(place, JSON.stringify(kept)); } catch (error) { /* No storage: as a new window. */ }
  }
  function sendAtLast() {
    if (leaving || !dirty() || (locked && risk() === heard)) return;
    count(snapshot());
    const text = body();  /* Browsers carry no more than 64 KB past the end of a page. */
    fetch(words.autosave, {
      method: "POST", body: text, credentials: "same-origin", keepalive: text.toString().length < 60000,
      headers: { "HX-Request": "true", "Accept": "application/json" },
    }).catch(() => {});
  }
  function restore(text) {
    const held = new Map();
    for (const [name, value] of new URLSearchParams(text)) held.set(name, [...(held.get(name) || []), value]);
    const rows = form.querySelector("[data-lines]"), wanted = Math.max(1, (held.get("homework_text") || []).length);
    while (rows && rows.children.length > wanted) rows.lastElementChild.remove();
    while (rows && rows.children.length < wanted) rows.append(rows.lastElementChild.cloneNode(true));
    const met = new Map();
    for (const field of form.querySelectorAll("input[name], select[name], textarea[name]")) {
      if (OWN.includes(field.name)) continue;
      const values = held.get(field.name) || [];
      if (field.type === "radio" || field.type === "checkbox") { field.checked = values.includes(field.value); continue; }
      const nth = met.get(field.name) || 0;
      met.set(field.name, nth + 1);
      field.value = values[nth] || "";
    }
    /* What this page has no place for is sent along all the same. */
    const shown = new FormData(form);
    for (const [name, values] of held) {
      for (const value of values) {
        if (!value || shown.getAll(name).includes(value)) continue;
        form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
      }
    }
  }
  /* A duplicated tab has a copy of the storage. Whoever lives under a name says so, and the newcomer keeps its own. */
  const me = sign.value;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("evenkeel-note") : null;
  if (channel) {
    channel.onmessage = ({ data }) => {
      if (gone || data.from === me || data.name !== sign.value) return;
      if (data.asks) { channel.postMessage({ name: sign.value, from: me, to: data.from }); return; }
      if (data.to === me && asking) rename();
    };
  }
  const before = take();
  if (before) {
    sign.value = before.window;
    turns = before.turns;
    if (before.text && before.text !== snapshot()) {
      restore(before.text);
      restored = true;
      version.value = before.version;
      say("", words.typing);
    }
    counted = before.text ? snapshot() : "";
    asking = true;
    if (channel) channel.postMessage({ name: sign.value, from: me, asks: true });
    window.setTimeout(() => { asking = false; save(); }, 300);
  }
  document.addEventListener("visibilitychange", () => { if (gone) return; if (document.hidden) keep(); else take(); });
  window.addEventListener("pagehide", () => {
    if (gone) return;
    keep();
    sendAtLast();
    gone = true;
  });
  /* A page out of the browser's memory may be older than what this tab has saved since. */
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  reveal();

  /* One more homework line, or one less, in place. The buttons do the same over the server. */
  const lines = form.querySelector("[data-lines]");
  if (!lines) return;
  if (restored) renumber();
  function renumber() {
    [...lines.children].forEach((line, place) => {
      for (const input of line.querySelectorAll("input")) {
        const id = (input.name === "homework_text" ? "id_homework_" : "id_often_") + place;
        input.closest(".field").querySelector("label").htmlFor = id;
        input.id = id;
      }
      line.querySelector("[data-remove]").hidden = lines.children.length === 1;
    });
  }
  form.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add]"), remove = event.target.closest("[data-remove]");
    if (!add && !remove) return;
    event.preventDefault();
    if (add) {
      const line = lines.lastElementChild.cloneNode(true);
      for (const input of line.querySelectorAll("input")) input.value = "";
      lines.append(line);
    } else {
      remove.closest("[data-line]").remove();
    }
    renumber();
    const target = add ? lines.lastElementChild.querySelector("input") : form.querySelector("[data-add]");
    target.focus();
    form.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
