"""The widgets of the screen: each draws only what is visible, is given values and posts messages."""
