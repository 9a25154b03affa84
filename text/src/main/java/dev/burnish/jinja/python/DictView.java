package dev.burnish.jinja.python;

import java.util.List;

/// What `keys()`, `values()` and `items()` of a dict return.
///
/// @param type the name of its Python type
record DictView(String type, List<Object> items) {}
