package dev.burnish.observe;

import dev.burnish.metrics.ConsoleSink;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import javax.imageio.ImageIO;

/// Draws a curve as a PNG, also where there are no fonts: text is [BitmapFont]'s.
final class Chart {
  private static final int WIDTH = 960;
  private static final int HEIGHT = 480;
  private static final int LEFT = 96;
  private static final int TOP = 56;
  private static final int RIGHT = WIDTH - 32;
  private static final int BOTTOM = HEIGHT - 56;
  private static final int NUM_TICKS = 4;
  private static final Color GRID = new Color(0xe3e6ea);
  private static final Color TEXT = new Color(0x4a5360);
  private static final Color RAW = new Color(0xbfd3f2);
  private static final Color SMOOTH = new Color(0x1f5fbf);

  private final BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
  private final Graphics2D graphics = image.createGraphics();
  private final RunFiles.Curve curve;
  private final double low;
  private final double high;

  private Chart(RunFiles.Curve curve) {
    this.curve = curve;
    double least = Arrays.stream(curve.values()).min().orElse(0);
    double greatest = Arrays.stream(curve.values()).max().orElse(1);
    this.low = least >= 0 && greatest <= 1 ? 0 : least;
    this.high = least >= 0 && greatest <= 1 ? 1 : Math.max(greatest, Math.nextUp(low));
  }

  /// A picture of a curve under a title.
  static byte[] png(String title, RunFiles.Curve curve) {
    System.setProperty("java.awt.headless", "true");
    return new Chart(curve).draw(title);
  }

  private byte[] draw(String title) {
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, WIDTH, HEIGHT);
    BitmapFont.draw(image, title, LEFT, 20, 3, TEXT);
    drawGrid();
    if (curve.values().length == 0) {
      BitmapFont.draw(image, "no steps yet", LEFT + 20, (TOP + BOTTOM) / 2, 2, TEXT);
    } else {
      drawLine(curve.values(), RAW, 1.5f);
      drawLine(smoothed(curve.values()), SMOOTH, 3f);
    }
    graphics.dispose();
    return encode();
  }

  private void drawGrid() {
    double lastStep = curve.steps().length == 0 ? 1 : curve.steps()[curve.steps().length - 1];
    for (int i = 0; i <= NUM_TICKS; i++) {
      double share = (double) i / NUM_TICKS;
      int y = (int) Math.round(BOTTOM - share * (BOTTOM - TOP));
      graphics.setColor(GRID);
      graphics.drawLine(LEFT, y, RIGHT, y);
      String label = ConsoleSink.format(low + share * (high - low));
      BitmapFont.draw(image, label, LEFT - 12 - BitmapFont.width(label, 2), y - 7, 2, TEXT);
      int x = (int) Math.round(LEFT + share * (RIGHT - LEFT));
      String step = Long.toString(Math.round(firstStep() + share * (lastStep - firstStep())));
      int half = BitmapFont.width(step, 2) / 2;
      BitmapFont.draw(image, step, Math.min(x - half, WIDTH - 2 * half - 4), BOTTOM + 14, 2, TEXT);
    }
    BitmapFont.draw(image, "step", (LEFT + RIGHT) / 2 - 24, BOTTOM + 36, 2, TEXT);
  }

  private void drawLine(double[] values, Color color, float width) {
    Path2D path = new Path2D.Double();
    for (int i = 0; i < values.length; i++) {
      double x = x(curve.steps()[i]);
      double y = BOTTOM - (values[i] - low) / (high - low) * (BOTTOM - TOP);
      if (i == 0) {
        path.moveTo(x, y);
      }
      path.lineTo(x, y);
    }
    graphics.setColor(color);
    graphics.setStroke(new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    graphics.draw(path);
  }

  private double x(double step) {
    double last = curve.steps()[curve.steps().length - 1];
    return LEFT + (step - firstStep()) / Math.max(1, last - firstStep()) * (RIGHT - LEFT);
  }

  private double firstStep() {
    return curve.steps().length == 0 ? 0 : curve.steps()[0];
  }

  /// The running mean over a twentieth of the curve to either side.
  private static double[] smoothed(double[] values) {
    int reach = Math.max(1, values.length / 20);
    double[] smoothed = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int from = Math.max(0, i - reach);
      int to = Math.min(values.length, i + reach + 1);
      smoothed[i] = Arrays.stream(values, from, to).average().orElse(0);
    }
    return smoothed;
  }

  private byte[] encode() {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageIO.setUseCache(false);
      ImageIO.write(image, "png", out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot encode a picture", e);
    }
  }
}
