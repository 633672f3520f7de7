// Shows what is in a list as soon as it is chosen; without script the button 先看看 does it. Marks a control as
// wrong, or as right again, when the sentence under it changes.
(function () {
  var file = document.querySelector("[data-list-file]");
  var button = document.querySelector("[data-list-preview]");
  var plan = document.getElementById("list-plan");
  function look() {
    if (!file.files.length || !window.htmx) { return; }
    window.htmx.ajax("POST", button.getAttribute("formaction"), {
      source: document.getElementById("list-form"), target: "#list-plan", swap: "innerHTML",
      values: { upload: file.files[0], csrfmiddlewaretoken: document.querySelector("[name=csrfmiddlewaretoken]").value }
    });
  }
  if (file && button && plan) {
    document.getElementById("list-form").setAttribute("hx-encoding", "multipart/form-data");
    file.addEventListener("change", look);
    button.addEventListener("click", function (event) { if (window.htmx) { event.preventDefault(); look(); } });
  }
  document.addEventListener("htmx:oobAfterSwap", function (event) {
    var part = event.detail.target;
    if (!part || !part.id || part.id.indexOf("f-live-") !== 0) { return; }
    var control = document.getElementById("id_" + part.id.slice("f-live-".length));
    if (!control || !/^(INPUT|TEXTAREA)$/.test(control.tagName)) { return; }
    if (part.querySelector(".xs-live--late")) { control.setAttribute("aria-invalid", "true"); }
    else { control.removeAttribute("aria-invalid"); }
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target && event.detail.target.id === "list-plan" && event.detail.xhr.status === 422) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
})();
