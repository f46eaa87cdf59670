"use strict";
// The page is one terminal: it takes the keys from the start, without a click.
const terminal = document.getElementById("terminal");
const takeKeys = () => {
    if (terminal.classList.contains("-connected")) terminal.querySelector("textarea")?.focus();
};
new MutationObserver(takeKeys).observe(terminal, { attributeFilter: ["class"] });
window.addEventListener("focus", takeKeys);
