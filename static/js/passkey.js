/* Passkeys: asks the device for one and sends the form. The form is hidden where the browser cannot. */
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential) return;
  form.hidden = false;
  for (const note of document.querySelectorAll("[data-passkey-unable]")) note.hidden = true;

  const ids = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));
  const create = async (options) => {
    const key = options.publicKey;
    const made = await navigator.credentials.create({ publicKey: { ...key, challenge: bytes(key.challenge), user: { ...key.user, id: bytes(key.user.id) }, excludeCredentials: ids(key.excludeCredentials) } });
    return { response: { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject), transports: made.response.getTransports ? made.response.getTransports() : [] }, made };
  };
  const use = async (options) => {
    const key = options.publicKey;
    const made = await navigator.credentials.get({ publicKey: { ...key, challenge: bytes(key.challenge), allowCredentials: ids(key.allowCredentials) } });
    const answer = made.response;
    return { response: { clientDataJSON: text(answer.clientDataJSON), authenticatorData: text(answer.authenticatorData), signature: text(answer.signature), userHandle: answer.userHandle ? text(answer.userHandle) : null }, made };
  };
  const options = async () => {
    const here = document.getElementById("passkey-options");
    if (here) return JSON.parse(here.textContent);
    const answer = await fetch(form.dataset.passkey, { headers: { Accept: "application/json" } });
    return (await answer.json()).request_options;
  };

  const failed = form.querySelector("[data-passkey-failed]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    failed.hidden = true;
    try {
      const { response, made } = await (form.dataset.passkey === "create" ? create : use)(await options());
      form.elements.credential.value = JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, authenticatorAttachment: made.authenticatorAttachment, clientExtensionResults: made.getClientExtensionResults(), response });
      form.submit();
    } catch (error) {
      failed.hidden = false;
    }
  }, true);
})();
