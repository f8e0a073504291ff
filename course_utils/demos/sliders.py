"""What every demo plays on."""

import ipywidgets
from IPython.display import display


def play(draw, /, **sliders):
    """The sliders and, below them, what `draw` shows for their values."""
    display(ipywidgets.VBox(list(sliders.values())), ipywidgets.interactive_output(draw, sliders))


def slider(name, value, low, high, step=1):
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    options = {"continuous_update": False, "style": {"description_width": "110px"}, "layout": {"width": "380px"}}
    return kind(value=value, min=low, max=high, step=step, description=name, **options)
