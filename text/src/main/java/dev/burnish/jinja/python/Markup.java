package dev.burnish.jinja.python;

/// Text that a filter has marked as safe HTML: what is joined to it is escaped.
public record Markup(String text) {}
