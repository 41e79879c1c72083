// Knows which theme was chosen, and sets it before anything is drawn. No choice means the system's.
{
  const chosen = localStorage.getItem('standin.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}
