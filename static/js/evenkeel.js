/* What a page gains with script. Without it every page works the same: nothing here decides anything. */
"use strict";
(() => {
  const whole = document.documentElement;
  whole.classList.add("has-script");

  /* The error summary is read first. */
  const summary = document.querySelector("main .error-summary");
  if (summary) summary.focus();

  /* A form is sent once per press: the second press within the answer's time is swallowed, the server does not mind either. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method !== "post") return;
    form.dataset.sent = "yes";
    const button = event.submitter || form.querySelector("button:not([type=button])");
    if (button) button.setAttribute("aria-busy", "true");
  });
  /* A page that answered a form is left: Back then asks for its address anew, where a browser would want the form sent again. */
  const here = document.querySelector("[data-here]");
  const leave = () => history.replaceState(null, "", here.dataset.here);
  if (here) document.addEventListener("submit", leave);
  if (here) document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && link.protocol.startsWith("http") && !link.hash && !event.ctrlKey && !event.metaKey) leave();
  });
  /* Text a tab keeps for its next page does not outlive a sign-out. The page that is left writes last, so a later one
     clears: the first that somebody without an account sees. Where the sign-out was refused or given up, nothing goes. */
  try {
    const reader = document.body.dataset.reader;
    if (reader === "visitor" && sessionStorage.getItem("signed-out")) sessionStorage.clear();
    if (reader === "signed-in") sessionStorage.removeItem("signed-out");
    document.addEventListener("submit", (event) => {
      if ("signOut" in event.target.dataset) sessionStorage.setItem("signed-out", "yes");
    });
  } catch (error) { /* No storage: nothing is kept. */ }
  /* Coming back by the back button finds the form ready again. */
  const ready = () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  };
  window.addEventListener("pageshow", (event) => { if (event.persisted) ready(); });
  document.addEventListener("htmx:afterRequest", ready);

  /* A success message moves out of the text to the lower corner and can be closed. It never leaves by a timer. */
  for (const notice of document.querySelectorAll("[data-toast]")) {
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn btn-small";
    close.textContent = notice.dataset.toast;
    close.addEventListener("click", () => { notice.remove(); document.getElementById("main").focus(); });
    notice.className = "toast";
    notice.append(close);
    document.body.append(notice);
  }

  /* A held time: the bar follows the clock, one polite word at two minutes and one at the end. */
  for (const hold of document.querySelectorAll("[data-hold]")) {
    const starts = Date.parse(hold.dataset.starts), until = Date.parse(hold.dataset.until);
    const bar = hold.querySelector("progress"), say = hold.querySelector("[data-hold-say]");
    let said = "";
    const look = () => {
      const left = until - Date.now();
      bar.value = Math.max(0, Math.min(100, 100 * left / (until - starts)));
      const word = left <= 0 ? hold.dataset.over : left <= 120000 ? hold.dataset.soon : "";
      if (word && word !== said) { said = word; say.textContent = word; }
      if (left <= 0) { bar.hidden = true; window.clearInterval(clock); }
    };
    const clock = window.setInterval(look, 15000);
    look();
  }

  /* Print buttons exist only where they can work. */
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  /* Questions that can be asked in place. Without script the same link leads to the same question as a page. */
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (!dialog || !dialog.showModal) return;
    event.preventDefault();
    dialog.showModal();
    const heading = dialog.querySelector("h2");
    if (heading) { heading.tabIndex = -1; heading.focus(); }
    dialog.addEventListener("close", () => opener.focus(), { once: true });
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("dialog [data-keep]")) return;
    event.preventDefault();
    event.target.closest("dialog").close();
  });
})();
