// On a narrow screen the navigation is one line that scrolls: begin where the page itself is.

const nav = document.querySelector(".top nav");
const here = nav?.querySelector("[aria-current]");
if (here) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
