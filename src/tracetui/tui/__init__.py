"""The screen: a Textual application that looks at the store of tracetui.core and adds only the state of the view."""
