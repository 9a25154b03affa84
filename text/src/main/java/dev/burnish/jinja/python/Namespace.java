package dev.burnish.jinja.python;

/// What `namespace()` returns: attributes that inner scopes may set.
public record Namespace(PyDict attributes) {}
