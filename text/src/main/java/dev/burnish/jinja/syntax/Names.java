package dev.burnish.jinja.syntax;

/// Which filters and tests there are.
public interface Names {
  boolean isFilter(String name);

  boolean isTest(String name);
}
