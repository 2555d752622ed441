/* The note editor: saves every ten seconds and when the window is left, says how things stand, and shows only the fields
   that an answer asks for. Without script the same form is saved by its buttons. */
"use strict";
(() => {
  const form = document.getElementById("note");
  if (!form) return;
  const EVERY = 10000;
  const words = form.dataset;
  const head = document.getElementById("saved");
  const state = document.getElementById("dock-state");
  const left = document.getElementById("left");
  const version = form.elements.version;
  let last = snapshot(), saving = false, clashed = false, locked = false, leaving = false, told = "", heard = "";

  function body() { return new URLSearchParams(new FormData(form)); }
  function snapshot() {
    const data = body();
    data.delete("version");
    data.delete("csrfmiddlewaretoken");
    return data.toString();
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

  async function save() {
    if (saving || leaving || !dirty() || (locked && risk() === heard)) return;
    saving = true;
    const sent = snapshot(), sentRisk = risk();
    if (!clashed) say("", words.saving);
    try {
      const answer = await fetch(words.autosave, {
        method: "POST", body: body(), credentials: "same-origin", headers: { "HX-Request": "true", "Accept": "application/json" },
      });
      if (answer.ok) {
        const told = await answer.json();
        version.value = told.version;
        last = sent;
        head.innerHTML = told.saved;
        left.innerHTML = told.left;
        clashed = false;
        say("", head.textContent.trim());
      } else if (answer.status === 409) {
        const refused = await answer.json();
        if (refused.locked) {
          /* Signed meanwhile: nothing more is saved, and what stands here stays unsaved until it is sent or copied. */
          locked = true;
          heard = sentRisk;
          say("is-clash", words.locked, refused.locked);
        } else {
          clashed = true;
          last = sent;
          say("is-clash", words.clash, refused.clash);
        }
      } else if (answer.status === 401) {
        say("is-late", words.signedOut);
      } else { say("is-late", words.late); }
    } catch (error) { say("is-late", words.late); }
    saving = false;
  }

  window.setInterval(save, EVERY);
  form.addEventListener("input", () => { if (!clashed && !locked && !saving && dirty()) say("", words.typing); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") { event.preventDefault(); save(); }
    /* Return in a one-line field must not press a button of the form. */
    if (event.key === "Enter" && event.target.matches("#note input:not([type=radio], [type=checkbox])")) event.preventDefault();
  });
  form.addEventListener("submit", () => { leaving = true; });
  window.addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
  window.addEventListener("beforeunload", (event) => { if (!leaving && dirty()) { save(); event.preventDefault(); } });

  /* Fields that depend on another answer. They keep what they hold while they are hidden. */
  function reveal() {
    for (const part of form.querySelectorAll("[data-when]")) {
      const chosen = form.elements[part.dataset.when];
      part.hidden = !part.dataset.values.split(" ").includes(chosen ? chosen.value : "");
    }
  }
  form.addEventListener("change", reveal);
  reveal();

  /* One more homework line, or one less, in place. The buttons do the same over the server. */
  const lines = form.querySelector("[data-lines]");
  if (!lines) return;
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
