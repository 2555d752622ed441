/* When a request made by htmx is not answered: say so beside the form, and keep every typed character. */
"use strict";
(() => {
  const words = document.currentScript.dataset;
  const notice = () => {
    let box = document.getElementById("request-notice");
    if (!box) {
      box = document.createElement("div");
      box.id = "request-notice";
      box.className = "notice notice-care said";
      box.setAttribute("role", "alert");
      const text = document.createElement("p");
      box.append(text);
      const main = document.getElementById("main");
      main.prepend(box);
    }
    return box;
  };
  const say = (text) => { const box = notice(); box.firstChild.textContent = text; box.scrollIntoView({ block: "nearest" }); };
  document.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    const said = (answer.getResponseHeader("Content-Type") || "").startsWith("text/plain") && answer.responseText;
    say(answer.status === 401 ? `${said || words.signedOut} ${words.again}` : words.noAnswer);
  });
  document.addEventListener("htmx:sendError", () => say(words.noAnswer));
  document.addEventListener("htmx:timeout", () => say(words.noAnswer));
  document.addEventListener("htmx:afterOnLoad", (event) => {
    const box = document.getElementById("request-notice");
    if (box && event.detail.successful) box.remove();
    const summary = event.detail.target && event.detail.target.querySelector && event.detail.target.querySelector(".error-summary");
    if (summary) summary.focus();
  });
})();
