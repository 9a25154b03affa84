package dev.burnish.jinja.python;

/// The result of `namespace()`: attributes that inner scopes may set.
public record Namespace(PyDict attributes) {}
