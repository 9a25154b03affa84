package dev.burnish.jinja.syntax;

/// The names of all filters and tests.
public interface Names {
  boolean isFilter(String name);

  boolean isTest(String name);
}
