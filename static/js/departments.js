// The départements follow the académie without a reload, and « Hors de France » asks for the country instead.
//
// <div data-places data-url="{% url 'departments' %}" data-abroad="<the académie's value that means abroad>">
//   [data-academy]     holds the académie's <select>
//   [data-department]  holds the département's <select>; its first option is kept
//   [data-country]     holds the country's <select>
//   [data-refresh]     the « Mettre à jour les départements » button of those without JavaScript
// The address answers ?academy=<value> with {"departments": [{"code", "name"}…]}.
const places = document.querySelector("[data-places]");

if (places) {
  const academy = places.querySelector("[data-academy] select");
  const department = places.querySelector("[data-department]");
  const country = places.querySelector("[data-country]");
  const options = department.querySelector("select");
  let asked = 0;

  const ask = (part, wanted) => {
    if (!part) return;
    part.hidden = !wanted;
    part.querySelector("select").disabled = !wanted;
  };

  const arrange = () => {
    const abroad = academy.value === places.dataset.abroad;
    ask(country, abroad);
    ask(department, !abroad);
    return abroad;
  };

  const fill = async () => {
    const turn = ++asked;
    if (arrange() || !academy.value) return;
    options.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${places.dataset.url}?academy=${encodeURIComponent(academy.value)}`);
      if (!answer.ok) throw new Error(answer.status);
      const { departments } = await answer.json();
      if (turn !== asked) return; // another académie was chosen meanwhile
      const chosen = options.value;
      options.replaceChildren(options.options[0], ...departments.map(({ code, name }) => new Option(name, code)));
      options.value = departments.length === 1 ? departments[0].code : chosen;
      if (options.selectedIndex < 0) options.selectedIndex = 0;
    } catch {
      // The button without JavaScript does the same work.
      places.querySelector("[data-refresh]").hidden = false;
    } finally {
      options.removeAttribute("aria-busy");
    }
  };

  places.querySelector("[data-refresh]").hidden = true;
  academy.addEventListener("change", fill);
  window.addEventListener("pageshow", arrange);
  arrange();
}
