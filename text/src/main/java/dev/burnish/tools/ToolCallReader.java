package dev.burnish.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads the calls of tools in an answer while its text comes.
///
/// A call ends with its JSON object, wherever closing marks stand: in a string of it they mean
/// nothing, and where they are missing nothing is lost. Text that may still become a call is held
/// back; when it turns out to be none it is text, and is read again after its first mark, since
/// another call may begin within it. How the text was cut into pieces changes nothing. One thread.
public final class ToolCallReader {
  private enum State {
    /// Nothing was read but white space, and calls may begin without a marker.
    BEGINNING,
    /// In text.
    TEXT,
    /// After a marker, or where the calls of a text without one begin.
    OPENED,
    /// In an object.
    OBJECT,
    /// After a call, where the next one may follow.
    BETWEEN,
    /// After the last call of a marker: white space does not count.
    AFTER
  }

  private final ToolFormat.Syntax syntax;
  private final StringBuilder input = new StringBuilder();
  private final StringBuilder text = new StringBuilder(); // not given out yet
  private final StringBuilder held = new StringBuilder(); // since the marker, or the last call
  private final StringBuilder object = new StringBuilder();
  private List<ToolPart> parts = new ArrayList<>();
  private Optional<ObjectScanner> scanner = Optional.empty();
  private State state;
  private int at;
  private String marked = "";
  private boolean called;
  private boolean listed;

  ToolCallReader(ToolFormat format) {
    syntax = format.syntax();
    state = syntax.start() == ToolFormat.Start.BEGINNING ? State.BEGINNING : State.TEXT;
  }

  /// Takes more of the answer, and returns what is certain now, often nothing.
  public List<ToolPart> append(String more) {
    input.append(more);
    read();
    return give(safeEnd());
  }

  /// Takes the end of the answer, and returns what is left.
  public List<ToolPart> finish() {
    while (state == State.OPENED || state == State.OBJECT) {
      fail();
      read();
    }
    if (state == State.BEGINNING) {
      text.append(held);
    }
    return give(state == State.AFTER || state == State.BETWEEN ? 0 : text.length());
  }

  private List<ToolPart> give(int end) {
    addText(end);
    List<ToolPart> given = List.copyOf(parts);
    parts = new ArrayList<>();
    return given;
  }

  private void addText(int end) {
    if (end > 0) {
      parts.add(new ToolPart.Text(text.substring(0, end)));
      text.delete(0, end);
    }
  }

  /// The end of the text that can neither be part of a marker nor stand before one as white space.
  private int safeEnd() {
    String marker = syntax.marker();
    if (marker.isEmpty()) {
      return text.length();
    }
    int begun = Math.min(marker.length() - 1, text.length());
    while (!marker.startsWith(text.substring(text.length() - begun))) {
      begun--;
    }
    return withoutSpaceBefore(text.length() - begun);
  }

  private int withoutSpaceBefore(int end) {
    int shown = end;
    while (shown > 0 && isSpace(text.charAt(shown - 1))) {
      shown--;
    }
    return shown;
  }

  private void read() {
    while (at < input.length()) {
      char next = input.charAt(at++);
      switch (state) {
        case BEGINNING -> atBeginning(next);
        case TEXT -> inText(next);
        case OPENED -> opened(next);
        case OBJECT -> inObject(next);
        case BETWEEN -> between(next);
        case AFTER -> after(next);
      }
    }
    input.setLength(0);
    at = 0;
  }

  private void atBeginning(char next) {
    if (isSpace(next)) {
      held.append(next);
    } else if (next == '{' || syntax.list().indexOf(next) >= 0) {
      open("");
      opened(next);
    } else {
      held.append(next);
      readAgain(State.TEXT);
    }
  }

  private void inText(char next) {
    text.append(next);
    String marker = syntax.marker();
    int start = text.length() - marker.length();
    if (!marker.isEmpty() && start >= 0 && text.indexOf(marker, start) == start) {
      text.setLength(start);
      open(marker);
    }
  }

  private void open(String marker) {
    state = State.OPENED;
    marked = marker;
    called = false;
    listed = false;
  }

  private void opened(char next) {
    if (isSpace(next)) {
      held.append(next);
    } else if (!listed && syntax.list().indexOf(next) >= 0) {
      listed = true;
      held.append(next);
    } else if (next == '{') {
      begin();
    } else {
      held.append(next);
      fail();
    }
  }

  private void begin() {
    state = State.OBJECT;
    object.setLength(0);
    scanner = Optional.of(new ObjectScanner());
    inObject('{');
  }

  private void inObject(char next) {
    held.append(next);
    object.append(next);
    switch (scanner.orElseThrow().append(next)) {
      case OPEN -> {}
      case BROKEN -> fail();
      case WHOLE -> ToolCall.read(object.toString()).ifPresentOrElse(this::accept, this::fail);
    }
  }

  private void accept(ToolCall call) {
    endObject();
    addText(withoutSpaceBefore(text.length()));
    text.setLength(0);
    parts.add(new ToolPart.Call(call));
    held.setLength(0);
    called = true;
    state = State.BETWEEN;
  }

  private void endObject() {
    scanner.ifPresent(ObjectScanner::close);
    scanner = Optional.empty();
  }

  private void between(char next) {
    String begun = held.toString().strip();
    boolean closes = listed || syntax.list().isEmpty();
    if (closes && !syntax.close().isEmpty() && syntax.close().startsWith(begun + next)) {
      held.append(next);
      if (syntax.close().length() == begun.length() + 1) {
        held.setLength(0);
        state = State.AFTER;
      }
    } else if (mayFollow(begun) && (isSpace(next) || syntax.separators().indexOf(next) >= 0)) {
      held.append(next);
    } else if (next == '{' && mayFollow(begun)) {
      begin();
    } else {
      held.append(next);
      readAgain(State.AFTER);
    }
  }

  /// Whether another object may follow after that: separators, doubled ones too.
  private boolean mayFollow(String begun) {
    return begun.chars().allMatch(c -> isSpace((char) c) || syntax.separators().indexOf(c) >= 0);
  }

  private void after(char next) {
    if (!isSpace(next)) {
      state = State.TEXT;
      inText(next);
    }
  }

  /// There is no call: its mark is text, and what follows is read as text.
  private void fail() {
    endObject();
    if (!called) {
      text.append(marked);
    }
    readAgain(called ? State.AFTER : State.TEXT);
  }

  /// Reads what is held as text.
  private void readAgain(State next) {
    String failed = held.toString();
    held.setLength(0);
    state = next;
    input.replace(0, at, failed);
    at = 0;
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }
}
