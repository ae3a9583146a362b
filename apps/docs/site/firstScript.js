// Runs before anything is drawn: the colours that the reader chose, else what the system says.
(() => {
  const chosen = localStorage.getItem("losses-theme");
  const isDark = chosen === null ? matchMedia("(prefers-color-scheme: dark)").matches : chosen === "dark";
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
})();
