// Behaviour of the pages. Everything works without it; it adds comfort. When it listens, <html> has data-ready.
// Hooks are data- attributes:
//
//   data-theme-toggle                 switch between light and dark
//   data-drawer                       a link whose page opens in the drawer
//   command="show-modal" or "close", commandfor="id"   open and close a <dialog>: the browser does, or this if it cannot
//   data-menu                         a <details> that closes on a click elsewhere
//   data-row, data-row-link, data-pick   rows for j/k, Enter, x
//   data-go="d"                       target of g then d
//   data-search                       the search box of the band
//   data-pick-all, data-pick-none, data-pick-mode, data-bulk, data-bulk-count   selecting rows
//   data-opinion, data-opinion-preview, data-phrase="text" or "#id of the field"   opinion shown in the annex while it is written
//   data-when="a b", data-when-name="decision"   shown only while that choice is one of these
//   data-choose="value" or "sign", data-focus-on="#id"   buttons of the phone's decision bar
//   data-autosave on a form, data-saved inside it   says when a draft was saved
//   data-guard on a form              ask before leaving with unsaved changes
//   data-submit, data-sign            the button that Ctrl+Enter presses
//   data-copy="text"                  copy text, or this page's address when empty
//   data-focus                        takes the focus when it appears
//   data-back, data-dismiss, data-print
(function () {
  "use strict";

  var root = document.documentElement;
  var body = document.body;
  var words = {};
  try { words = JSON.parse(body.dataset.words || "{}"); } catch (error) { words = {}; }

  function all(selector, from) { return Array.prototype.slice.call((from || document).querySelectorAll(selector)); }
  function one(selector, from) { return (from || document).querySelector(selector); }
  function cookie(name) {
    var found = new RegExp("(?:^|;\\s*)" + name + "=([^;]*)").exec(document.cookie);
    return found ? decodeURIComponent(found[1]) : "";
  }
  function keep(name, value) {
    var secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = name + "=" + value + "; Path=/; Max-Age=31536000; SameSite=Lax" + secure;
  }
  function icon(name) {
    var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    var use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    var sample = one("svg.icon use");
    var file = sample ? sample.getAttribute("href").split("#")[0] : "/static/icons.svg";
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", file + "#i-" + name);
    svg.appendChild(use);
    return svg;
  }

  // ── toasts ──────────────────────────────────────────
  function settle(toast) {
    if (toast.dataset.settled) { return; }
    toast.dataset.settled = "1";
    if (/xs-toast--(error|warning)/.test(toast.className)) { return; }
    var timer;
    function start() { timer = setTimeout(function () { toast.remove(); }, 8000); }
    toast.addEventListener("mouseenter", function () { clearTimeout(timer); });
    toast.addEventListener("focusin", function () { clearTimeout(timer); });
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusout", start);
    start();
  }
  function toast(text, tone) {
    var region = one("#toasts");
    if (!region) { return; }
    var box = document.createElement("div");
    var said = document.createElement("div");
    var close = document.createElement("button");
    box.className = "xs-toast xs-toast--" + (tone || "info");
    box.dataset.toast = "";
    said.textContent = text;
    close.type = "button";
    close.className = "xs-toast__x";
    close.dataset.dismiss = "";
    close.setAttribute("aria-label", words.dismiss || "×");
    close.appendChild(icon("x"));
    box.appendChild(icon(tone === "error" ? "alert-circle" : "check"));
    box.appendChild(said);
    box.appendChild(close);
    region.appendChild(box);
    settle(box);
  }

  // ── theme ───────────────────────────────────────────
  function switchTheme() {
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    keep("theme", root.dataset.bsTheme);
    document.dispatchEvent(new CustomEvent("xs:theme"));
  }

  // ── drawer and dialogs ──────────────────────────────
  function openDrawer(link) {
    var drawer = one("#drawer");
    var inside = one("#drawer-body");
    if (!drawer || !drawer.showModal || !window.htmx) { return false; }
    inside.replaceChildren(one("[data-drawer-wait]", drawer).content.cloneNode(true));
    if (!drawer.open) { drawer.showModal(); }
    window.htmx.ajax("GET", link.href, { source: inside, target: inside, swap: "innerHTML" }).then(function () {
      inside.scrollTop = 0;
      drawer.scrollTop = 0;
    });
    return true;
  }
  function opened(id) {
    var dialog = document.getElementById(id);
    if (dialog && dialog.showModal && !dialog.open) { dialog.showModal(); }
  }
  var invokers = "commandForElement" in HTMLButtonElement.prototype;
  function invoke(button) {
    var id = button.getAttribute("commandfor");
    var dialog = document.getElementById(id);
    if (button.getAttribute("command") === "show-modal") { opened(id); } else if (dialog && dialog.open) { dialog.close(); }
  }

  // ── rows ────────────────────────────────────────────
  function rows() { return all("[data-row]").filter(function (row) { return row.offsetParent !== null; }); }
  function currentRow() { return one("[data-row].is-current"); }
  function move(step) {
    var list = rows();
    if (!list.length) { return; }
    var next = list[Math.max(0, Math.min(list.length - 1, list.indexOf(currentRow()) + step))];
    list.forEach(function (row) { row.classList.toggle("is-current", row === next); });
    var target = one("[data-row-link], a, button", next);
    if (target) { target.focus({ preventScroll: true }); }
    next.scrollIntoView({ block: "nearest" });
  }
  function openRow(row) {
    var link = row && one("[data-row-link], a[href]", row);
    if (link) { link.click(); }
  }

  // ── selecting rows ──────────────────────────────────
  function countPicked() {
    var picks = all("[data-pick]");
    var chosen = picks.filter(function (pick) { return pick.checked; });
    picks.forEach(function (pick) {
      var row = pick.closest("tr, [data-row]");
      if (row) { pick.checked ? row.setAttribute("aria-selected", "true") : row.removeAttribute("aria-selected"); }
    });
    all("[data-pick-all]").forEach(function (box) {
      box.checked = picks.length > 0 && chosen.length === picks.length;
      box.indeterminate = chosen.length > 0 && chosen.length < picks.length;
    });
    all("[data-bulk]").forEach(function (bar) {
      bar.hidden = chosen.length === 0;
      all("[data-bulk-count]", bar).forEach(function (out) {
        out.textContent = (words.chosen || "{n}").replace("{n}", chosen.length);
      });
    });
  }
  function pickAll(on) {
    all("[data-pick]").forEach(function (pick) { pick.checked = on; });
    countPicked();
  }

  // ── deciding ────────────────────────────────────────
  function preview() {
    var text = one("[data-opinion]");
    if (!text) { return; }
    all("[data-opinion-preview]").forEach(function (out) { out.textContent = text.value || words.opinion || ""; });
  }
  function showWhen() {
    all("[data-when]").forEach(function (part) {
      var name = part.dataset.whenName || "decision";
      var chosen = one('input[name="' + name + '"]:checked');
      var shown = !!chosen && part.dataset.when.split(" ").indexOf(chosen.value) !== -1;
      part.hidden = !shown;
      all("input, textarea, select, button", part).forEach(function (control) { control.disabled = !shown; });
    });
  }
  function choose(value) {
    var choice = one('.xs-choice input[type="radio"][value="' + value + '"]');
    if (!choice) { return; }
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    show(one("[data-opinion]") || choice);
  }
  function sign() {
    var form = one("[data-opinion]") && one("[data-opinion]").form;
    if (!form) { return; }
    var first = one('.xs-choice input[type="radio"]', form);
    if (first && !one('.xs-choice input[type="radio"]:checked', form)) { choose(first.value); }
    var next = one("[data-secret], input[type=password]", form);
    show(next && !next.value ? next : one("[data-submit], [data-sign]", form) || form);
  }
  function show(target) {
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "center" });
  }

  // ── forms ───────────────────────────────────────────
  var dirty = new Set();
  function said(form, state, sentence) {
    all("[data-saved]", form).forEach(function (out) {
      out.dataset.state = state;
      out.replaceChildren(icon(state === "saved" ? "circle-check" : state === "failed" ? "alert-circle" : "refresh"));
      out.appendChild(document.createTextNode(sentence));
    });
  }
  function clock() {
    var now = new Date();
    return ("0" + now.getHours()).slice(-2) + ":" + ("0" + now.getMinutes()).slice(-2);
  }
  function submitFrom(target) {
    var form = (target && target.closest && target.closest("form")) || one("form[data-primary]") || one("main form");
    if (!form || /get/i.test(form.method)) { return; }
    form.requestSubmit(one("[data-submit], [data-sign]", form) || one('button[type="submit"]', form) || undefined);
  }

  document.addEventListener("click", function (event) {
    var target = event.target;
    if (!(target instanceof Element)) { return; }
    function hit(selector) { return target.closest(selector); }
    var plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
    var found;
    if ((found = hit("a[data-drawer]")) && plain && openDrawer(found)) { event.preventDefault(); return; }
    if (hit("[data-theme-toggle]")) { switchTheme(); }
    if ((found = hit("button[commandfor]"))) {
      var menu = found.closest("details[data-menu]");
      if (menu) { menu.open = false; one("summary", menu).focus(); }
      if (!invokers) { invoke(found); }
    }
    if (target instanceof HTMLDialogElement && target.open) {
      var box = target.getBoundingClientRect();
      var outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      if (outside) { target.close(); }
    }
    if ((found = hit("[data-dismiss]"))) { found.closest("[data-toast]").remove(); }
    if (hit("[data-back]") && plain && history.length > 1) { event.preventDefault(); history.back(); return; }
    if (hit("[data-print]")) { window.print(); }
    if ((found = hit("[data-copy]")) && navigator.clipboard) {
      navigator.clipboard.writeText(found.dataset.copy || location.href).then(function () { toast(words.copied || "✓"); });
    }
    if ((found = hit("[data-phrase]"))) {
      var phrase = found.dataset.phrase;
      var text = (phrase.charAt(0) === "#" && one(phrase)) || one("[data-opinion]");
      if (text) {
        text.value = (phrase.charAt(0) === "#" ? "" : phrase) || found.textContent.trim();
        text.dispatchEvent(new Event("input", { bubbles: true }));
        text.focus();
      }
    }
    if ((found = hit("[data-choose]"))) { found.dataset.choose === "sign" ? sign() : choose(found.dataset.choose); }
    if ((found = hit("[data-focus-on]"))) {
      var goal = one(found.dataset.focusOn);
      if (goal) { event.preventDefault(); goal.focus(); goal.scrollIntoView({ block: "center" }); }
    }
    if (hit("[data-pick-none]")) { pickAll(false); }
    if ((found = hit("[data-pick-mode]"))) {
      all("table.is-cards").forEach(function (table) { table.classList.toggle("is-picking"); });
    }
    all("details[data-menu][open]").forEach(function (one) { if (!one.contains(target)) { one.open = false; } });
    if ((found = hit("tr[data-row]")) && plain && !hit("a, button, input, label, select, textarea, summary, details")) {
      if (!String(window.getSelection())) { openRow(found); }
    }
  });

  document.addEventListener("change", function (event) {
    var target = event.target;
    if (target.matches("[data-pick-all]")) { pickAll(target.checked); }
    if (target.matches("[data-pick]")) { countPicked(); }
    if (target.matches("[data-shortcuts-switch]")) {
      body.dataset.shortcuts = target.checked ? "on" : "off";
      keep("shortcuts", body.dataset.shortcuts);
    }
    if (target.matches('input[type="radio"]')) { showWhen(); }
  });

  document.addEventListener("input", function (event) {
    if (event.target.matches("[data-opinion]")) { preview(); }
    var form = event.target.closest("form[data-guard], form[data-autosave]");
    if (form) {
      dirty.add(form);
      if (form.matches("[data-autosave]")) { said(form, "unsaved", words.unsaved || ""); }
    }
  });

  document.addEventListener("submit", function (event) {
    var form = event.target;
    var button = event.submitter;
    if (button && button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      var why = document.getElementById(button.getAttribute("aria-describedby") || "");
      var first = why && one("a", why);
      if (first) { first.focus(); }
      return;
    }
    var token = one('input[name="csrfmiddlewaretoken"]', form);
    var fresh = cookie("csrftoken");
    if (token && fresh && /post/i.test(form.method)) { token.value = fresh; }
    if (event.defaultPrevented || form.matches("[hx-post], [hx-get]") || !/post/i.test(form.method)) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    dirty.delete(form);
    if (button) { button.setAttribute("aria-busy", "true"); }
    setTimeout(function () {
      delete form.dataset.sent;
      if (button) { button.removeAttribute("aria-busy"); }
    }, 8000);
  });

  window.addEventListener("pageshow", function () {
    all("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
    all('[aria-busy="true"][type="submit"]').forEach(function (button) { button.removeAttribute("aria-busy"); });
  });

  window.addEventListener("beforeunload", function (event) {
    var open = Array.from(dirty).some(function (form) { return form.isConnected && form.matches("[data-guard]"); });
    if (open) { event.preventDefault(); event.returnValue = words.leave || ""; }
  });

  // ── keyboard ────────────────────────────────────────
  var goAt = 0;
  function inField(target) {
    return target instanceof Element && (target.isContentEditable || target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select"));
  }
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      submitFrom(event.target);
      return;
    }
    if (event.key === "Escape") {
      all("details[data-menu][open]").forEach(function (menu) { menu.open = false; one("summary", menu).focus(); });
      if (inField(event.target) && event.target.matches("[data-search]")) { event.target.blur(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    if (body.dataset.shortcuts !== "on" || inField(event.target) || one("dialog[open]")) { return; }
    if (goAt && Date.now() - goAt < 1500) {
      goAt = 0;
      var place = one('[data-go="' + event.key + '"]');
      if (place) { event.preventDefault(); location.assign(place.href); return; }
    }
    if (event.key === "g") { goAt = Date.now(); return; }
    if (event.key === "/") {
      var box = one("[data-search]");
      if (box && box.offsetParent !== null) { event.preventDefault(); box.focus(); box.select(); }
    } else if (event.key === "j") { move(1);
    } else if (event.key === "k") { move(-1);
    } else if (event.key === "Enter") {
      var row = currentRow();
      if (row && !event.target.closest("a, button, summary, input")) { event.preventDefault(); openRow(row); }
    } else if (event.key === "x") {
      var pick = currentRow() && one("[data-pick]", currentRow());
      if (pick) { pick.checked = !pick.checked; countPicked(); }
    } else if (event.key === "?") { opened("keys"); }
  });

  // ── htmx ────────────────────────────────────────────
  document.addEventListener("htmx:configRequest", function (event) {
    var token = cookie("csrftoken");
    if (!token || event.detail.verb === "get") { return; }
    event.detail.headers["X-CSRFToken"] = token;
    // The form's own token is older than a sign-in in another window, and would be asked first.
    if (event.detail.parameters.csrfmiddlewaretoken) { event.detail.parameters.csrfmiddlewaretoken = token; }
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    var xhr = event.detail.xhr;
    if (xhr.status >= 400) {
      event.detail.shouldSwap = !!xhr.getResponseHeader("HX-Retarget") || xhr.status === 422;
      if (!event.detail.shouldSwap) { toast(words.failed || "", "error"); }
      var drawer = one("#drawer");
      if (event.detail.shouldSwap && drawer && drawer.open) { drawer.close(); }
    }
  });
  ["htmx:sendError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function () { toast(words.lost || "", "error"); });
  });
  function autosaving(event) {
    var element = event.detail.elt;
    return element && element.closest && element.closest("form[data-autosave]");
  }
  document.addEventListener("htmx:beforeRequest", function (event) {
    var form = autosaving(event);
    if (form && event.detail.elt === form) { said(form, "saving", words.saving || ""); dirty.delete(form); }
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    var form = autosaving(event);
    if (!form || event.detail.elt !== form) { return; }
    if (event.detail.successful) { if (!dirty.has(form)) { said(form, "saved", clock() + " " + (words.saved || "")); } }
    else { dirty.add(form); said(form, "failed", words.unsaved || ""); }
  });
  function arrived(part) {
    all("[data-toast]", part).forEach(settle);
    var focus = one("[data-focus], [data-autofocus]", part);
    if (focus) { focus.focus(); }
    countPicked();
    showWhen();
    preview();
  }
  document.addEventListener("htmx:load", function (event) {
    if (event.detail.elt === body) { root.dataset.ready = ""; } else { arrived(event.detail.elt.parentElement || document); }
  });

  all("[data-shortcuts-switch]").forEach(function (box) { box.checked = body.dataset.shortcuts === "on"; });
  arrived(document);
  // htmx wires the page after this script, and says so by htmx:load.
  if (!window.htmx) { root.dataset.ready = ""; }
})();
