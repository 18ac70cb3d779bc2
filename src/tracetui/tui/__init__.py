"""The screen: a Textual application that looks at the store of tracetui.core and holds nothing but the state of the view."""
