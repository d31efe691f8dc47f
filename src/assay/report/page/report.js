"use strict";
(function () {
  var root = document.documentElement;
  root.classList.add("js");
  var items = Array.prototype.slice.call(document.querySelectorAll(".f"));
  var texts = null;
  var search = document.getElementById("q");
  var severity = document.getElementById("sev");
  var priority = document.getElementById("pri");
  var engine = document.getElementById("eng");
  var state = document.getElementById("new");
  var shown = document.getElementById("shown");
  function index() {
    if (!texts) texts = items.map(function (item) { return item.textContent.toLowerCase(); });
    return texts;
  }
  function apply() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var found = words.length ? index() : null;
    var count = 0;
    items.forEach(function (item, at) {
      var data = item.dataset;
      var fits = (!severity.value || data.s === severity.value) && (!priority.value || data.p === priority.value) &&
        (!engine.value || (" " + data.e + " ").indexOf(" " + engine.value + " ") >= 0) && (!state.value || data.n === state.value) &&
        words.every(function (word) { return found[at].indexOf(word) >= 0; });
      item.hidden = !fits;
      if (fits) count += 1;
    });
    shown.textContent = count + " of " + items.length + " shown";
  }
  if (search) {
    var timer = 0;
    search.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(apply, 120); });
    [severity, priority, engine, state].forEach(function (box) { box.addEventListener("change", apply); });
    document.getElementById("open").addEventListener("click", function (event) {
      var visible = items.filter(function (item) { return !item.hidden; }).slice(0, 200);
      var open = visible.some(function (item) { return !item.open; });
      visible.forEach(function (item) { item.open = open; });
      event.target.textContent = open ? "Close all" : "Open all";
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); search.focus(); }
    });
    apply();
  }
  function target() {
    var item = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    if (item && item.tagName === "DETAILS") { item.hidden = false; item.open = true; item.scrollIntoView(); }
  }
  window.addEventListener("hashchange", target);
  target();
})();
