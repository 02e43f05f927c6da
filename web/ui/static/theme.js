// Before anything is drawn, so that the page does not flash: the theme that was chosen here.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("ytcaption.theme");
  } catch {
    // Storage may be forbidden; then the system's theme holds.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
