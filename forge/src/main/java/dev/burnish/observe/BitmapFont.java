package dev.burnish.observe;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.Locale;

/// Letters of 5 x 7 points: Java's own text needs fonts, which servers often lack. Has capitals,
/// digits and a few signs; other characters are blank.
final class BitmapFont {
  private static final String CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-+%/:=";
  private static final int ROWS = 7;
  private static final int COLUMNS = 5;

  /// Seven rows of five bits per character, two hexadecimal digits per row.
  private static final String[] GLYPHS = {
    "0E11131519110E", "040C040404040E", "0E11010204081F", "1F02040201110E", "02060A121F0202",
    "1F101E0101110E", "0608101E11110E", "1F010204080808", "0E11110E11110E", "0E11110F01020C",
    "0E11111F111111", "1E11111E11111E", "0E11101010110E", "1C12111111121C", "1F10101E10101F",
    "1F10101E101010", "0E11101711110F", "1111111F111111", "0E04040404040E", "0702020202120C",
    "11121418141211", "1010101010101F", "111B1515111111", "11111915131111", "0E11111111110E",
    "1E11111E101010", "0E11111115120D", "1E11111E141211", "0F10100E01011E", "1F040404040404",
    "1111111111110E", "11111111110A04", "11111115151B11", "11110A040A1111", "1111110A040404",
    "1F01020408101F", "00000000000C0C", "0000001F000000", "0004041F040400", "18190204081303",
    "00010204081000", "000C0C000C0C00", "00001F001F0000"
  };

  private BitmapFont() {}

  static int width(String text, int scale) {
    return text.length() * (COLUMNS + 1) * scale;
  }

  /// Draws text with its upper left corner at a point, each point of a letter `scale` pixels wide.
  static void draw(BufferedImage image, String text, int x, int y, int scale, Color color) {
    String upper = text.toUpperCase(Locale.ROOT);
    for (int i = 0; i < upper.length(); i++) {
      int index = CHARACTERS.indexOf(upper.charAt(i));
      if (index >= 0) {
        drawGlyph(image, GLYPHS[index], x + width(" ", scale) * i, y, scale, color);
      }
    }
  }

  private static void drawGlyph(
      BufferedImage image, String glyph, int x, int y, int scale, Color color) {
    for (int point = 0; point < ROWS * COLUMNS; point++) {
      int row = point / COLUMNS;
      int column = point % COLUMNS;
      int bits = Integer.parseInt(glyph.substring(2 * row, 2 * row + 2), 16);
      if ((bits & (1 << (COLUMNS - 1 - column))) != 0) {
        fill(image, x + column * scale, y + row * scale, scale, color.getRGB());
      }
    }
  }

  private static void fill(BufferedImage image, int x, int y, int size, int rgb) {
    for (int i = 0; i < size * size; i++) {
      int px = x + i % size;
      int py = y + i / size;
      if (px >= 0 && py >= 0 && px < image.getWidth() && py < image.getHeight()) {
        image.setRGB(px, py, rgb);
      }
    }
  }
}
