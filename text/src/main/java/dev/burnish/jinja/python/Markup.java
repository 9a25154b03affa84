package dev.burnish.jinja.python;

/// Text that a filter has marked as safe HTML: text that is joined to it is escaped.
public record Markup(String text) {}
