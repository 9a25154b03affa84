package dev.burnish.jinja.python;

import java.util.List;

/// The result of `keys()`, `values()` or `items()` of a dict.
///
/// @param type the name of its Python type
record DictView(String type, List<Object> items) {}
