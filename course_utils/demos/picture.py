"""A picture that Python changes in place, with words below it; if wanted it takes clicks, by mouse and by keys."""

import anywidget
import traitlets


class Picture(anywidget.AnyWidget):
    """Shows `source`, says `words` as alternative text and in two lines below, and reports where it was clicked.

    Its box is as high from the first frame on as it stays; on a narrow page it shrinks. Arrow keys move a cross-hair, Enter clicks there.

    Traits:
        source: address of the picture, such as "data:image/png;base64,…".
        words: what it shows.
        width, height: its size on the page, in pixels of CSS.
        place: [x, y] of the last click as shares of width and height, from the upper left corner; [] = it takes no clicks.
    """

    source, words = traitlets.Unicode().tag(sync=True), traitlets.Unicode().tag(sync=True)
    width, height = traitlets.Int().tag(sync=True), traitlets.Int().tag(sync=True)
    place = traitlets.List().tag(sync=True)

    _esm = """
    function render({ model, el }) {
      const box = document.createElement("div"), image = document.createElement("img"), words = document.createElement("p");
      el.classList.add("course-picture");
      image.width = model.get("width");
      image.height = model.get("height");
      image.draggable = false;
      words.ariaLive = "polite";
      box.append(image);
      el.append(box, words);

      const show = () => {
        image.src = model.get("source");
        image.alt = words.textContent = model.get("words");
      };
      model.on("change:source change:words", show);
      show();
      if (!model.get("place").length) return;

      const cross = document.createElement("i");
      const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      let [x, y] = model.get("place");
      const move = (newX, newY) => {
        [x, y] = [newX, newY].map((share) => Math.min(Math.max(share, 0), 0.999));
        Object.assign(cross.style, { left: `${100 * x}%`, top: `${100 * y}%` });
      };
      const click = () => {
        model.set("place", [x, y]);
        model.save_changes();
      };
      const point = (event) => {
        const { left, top, width, height } = image.getBoundingClientRect();
        move((event.clientX - left) / width, (event.clientY - top) / height);
        click();
      };
      Object.assign(box, { tabIndex: 0, role: "button", className: "course-clickable" });
      box.ariaLabel = "Picture to click on: arrow keys move the cross-hair, Enter clicks.";
      box.append(cross);
      box.addEventListener("pointerdown", point);
      box.addEventListener("pointermove", (event) => event.buttons && point(event));
      box.addEventListener("keydown", (event) => {
        const step = keys[event.key], far = event.shiftKey ? 0.05 : 0.01;
        if (step) move(x + far * step[0], y + (far * step[1] * image.width) / image.height);
        else if (event.key === "Enter" || event.key === " ") click();
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
      move(x, y);
    }
    export default { render };
    """

    _css = """
    .course-picture img { display: block; width: 100%; height: auto; border-radius: 8px; }
    .course-picture p { height: 2.7em; line-height: 1.35; margin: 4px 0 0; overflow: auto; font-size: 13px; }
    .course-controls .widget-hslider { display: grid; grid-template-columns: 1fr auto; height: auto; }
    .course-controls .slider-container { grid-area: 2 / 1 / 3 / 3; margin: 0 9px; }
    .course-controls .widget-label { width: auto; max-width: none; text-align: left; }
    .course-controls .widget-readout { text-align: right; }
    .course-clickable { position: relative; cursor: crosshair; touch-action: none; }
    .course-clickable i { display: none; position: absolute; width: 21px; height: 21px; margin: -10px; pointer-events: none;
      background: linear-gradient(#D55E00, #D55E00) 50% / 100% 3px no-repeat, linear-gradient(#D55E00, #D55E00) 50% / 3px 100% no-repeat; }
    .course-clickable:focus-visible { outline: 2px solid #0072B2; }
    .course-clickable:focus-visible i { display: block; }
    """
