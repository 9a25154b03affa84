package dev.burnish.env.tools;

import dev.burnish.tools.Description;
import dev.burnish.tools.ToolSet;

/// Text files of one episode, as tools. Nothing is written to a disk.
public interface ScratchFiles {
  /// Writes a file, in place of one of that name.
  ///
  /// @throws IllegalArgumentException if that would be too much
  @Description("Writes a text file, in place of one of that name")
  String writeFile(@Description("such as notes.txt") String name, String text);

  /// The text of a file.
  ///
  /// @throws IllegalArgumentException if there is none
  @Description("Returns the text of a file")
  String readFile(String name);

  /// The names and sizes of all files.
  @Description("Lists the files with their sizes in characters")
  String listFiles();

  /// Deletes a file.
  ///
  /// @throws IllegalArgumentException if there is none
  @Description("Deletes a file")
  String deleteFile(String name);

  /// Files in memory, for one episode.
  ///
  /// @param files at most
  /// @param characters of all texts and names together, at most
  static ScratchFiles inMemory(int files, int characters) {
    return new MemoryFiles(files, characters);
  }

  /// The tools, over at most 100 files of a million characters.
  static ToolSet tools() {
    return ToolSet.of(ScratchFiles.class, inMemory(100, 1_000_000));
  }
}
