package dev.burnish.sandbox;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// The languages of programs.
public enum Language {
  /// Python 3 with its standard library.
  PYTHON("main.py"),
  /// Java, one source file that the JVM's launcher compiles.
  JAVA("Main.java"),
  /// A script of the shell, `bash` where there is one.
  SHELL("main.sh");

  private final String file;

  Language(String file) {
    this.file = file;
  }

  /// The name of the program's file.
  String file() {
    return file;
  }

  /// The language of a file, by its extension.
  public static Optional<Language> ofFile(String name) {
    String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(language -> name.contains(".") && language.file.endsWith("." + extension))
        .findFirst();
  }
}
