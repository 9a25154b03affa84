package dev.burnish.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TerminalTextTest {
  @Test
  void controlsBecomeVisibleAndTheRestStays() {
    for (int point = 0; point < 0xA0; point++) {
      boolean control = (point < 0x20 && point != '\t') || point >= 0x7F;
      assertThat(TerminalText.clean("a" + Character.toString(point) + "b"))
          .as("U+%04X", point)
          .isEqualTo(control ? "a�b" : "a" + Character.toString(point) + "b");
    }
    assertThat(TerminalText.clean("\u001b]0;title\u0007 \u001b[31mred\u009b0m"))
        .isEqualTo("�]0;title� �[31mred�0m");
  }

  @Test
  void whatReordersOrHidesTextBecomesVisible() {
    int[] harmful = {
      0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D,
      0x202E, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xFEFF, 0xFFF9, 0xE0001, 0xE0041, 0xE007F
    };
    for (int point : harmful) {
      assertThat(TerminalText.clean("a" + Character.toString(point)))
          .as("U+%04X", point)
          .isEqualTo("a�");
    }
  }

  @Test
  void writtenLanguageStays() {
    String text = "naïve\t日本語 میخواهم 👩‍👩‍👧 co\u00ADop 𝒳 ٣ שלום";
    assertThat(TerminalText.clean(text)).isSameAs(text);
    assertThat(TerminalText.cleanLines(text + "\n" + text)).isEqualTo(text + "\n" + text);
  }

  @Test
  void severalLinesStayLines() {
    assertThat(TerminalText.cleanLines("a\r\nb\n\nc\rd\u0085e\n")).isEqualTo("a\nb\n\nc�d�e\n");
    assertThat(TerminalText.clean("a\nb")).isEqualTo("a�b");
  }

  @Test
  void aStringOfJsonKeepsItsValue() {
    assertThat(TerminalText.escaped("{\"text\":\"a\u009b1m\u202e\uDB40\uDC41\"}\n"))
        .isEqualTo("{\"text\":\"a\\u009b1m\\u202e\\udb40\\udc41\"}\n");
  }
}
