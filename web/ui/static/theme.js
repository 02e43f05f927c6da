// Apply the chosen theme before the first paint, to avoid a flash.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("ytcaption.theme");
  } catch {
    // Storage is blocked: use the system's theme.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
