// The square on a school's sheet leads here with its code behind « # », which no server is told.
const field = document.querySelector('input[name="code"]');
const code = decodeURIComponent(location.hash.slice(1));
if (field && !field.value && /^[2-9A-Z]{6}([2-9A-Z]{3})?$/.test(code)) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
}
