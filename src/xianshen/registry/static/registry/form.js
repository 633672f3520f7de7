// Marks a control as wrong, or as right again, when the sentence under it changes. Without script the
// sentence alone says so.
document.addEventListener("htmx:oobAfterSwap", function (event) {
  var part = event.detail.target;
  if (!part || !part.id || part.id.indexOf("f-live-") !== 0) { return; }
  var control = document.getElementById("id_" + part.id.slice("f-live-".length));
  if (!control || !/^(INPUT|TEXTAREA|SELECT)$/.test(control.tagName)) { return; }
  if (part.querySelector(".xs-live--late")) { control.setAttribute("aria-invalid", "true"); }
  else { control.removeAttribute("aria-invalid"); }
});
