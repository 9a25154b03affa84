package dev.burnish.env;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.numbers.fraction.BigFraction;

/// Reads one expression, LaTeX or plain, into an exact value. By recursive descent: sums, products
/// (written or implied), powers, factorials, atoms.
final class MathParser {
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(\\d+(?:\\.\\d+)?|\\.\\d+|\\\\[a-zA-Z]+|\\*\\*|[a-zA-Z]|[-+*/^!(){}\\[\\]_|])");
  private static final Set<String> SYMBOLS =
      Set.of("\\pi", "\\theta", "\\alpha", "\\beta", "\\lambda", "\\infty", "\\phi", "\\omega");
  private static final Set<String> FUNCTIONS =
      Set.of("\\sin", "\\cos", "\\tan", "\\ln", "\\exp", "\\arctan", "\\arcsin", "\\arccos");

  /// Letters in a row are a word, not a product.
  private static final Pattern WORD =
      Pattern.compile("(?<![a-zA-Z\\\\])[a-zA-Z]{4,}|^\\s*[a-zA-Z]{2,}\\s*$");

  private static final String END = "";

  private final List<String> tokens;
  private int next;

  private MathParser(List<String> tokens) {
    this.tokens = tokens;
  }

  static MathValue parse(String text) {
    var parser = new MathParser(tokens(text));
    Quotient value = parser.sum();
    parser.expect(END);
    return new MathValue.Scalar(value);
  }

  private static List<String> tokens(String text) {
    List<String> tokens = new ArrayList<>();
    Matcher matcher = TOKEN.matcher(text);
    int end = 0;
    while (matcher.find() && matcher.start() == end) {
      tokens.add(matcher.group(1));
      end = matcher.end();
    }
    if (!text.substring(end).isBlank() || tokens.isEmpty() || WORD.matcher(text).find()) {
      throw new MathSyntaxException(text);
    }
    return tokens;
  }

  private Quotient sum() {
    Quotient value = product();
    while (peek().equals("+") || peek().equals("-")) {
      value = take().equals("+") ? value.plus(product()) : value.minus(product());
    }
    return value;
  }

  private Quotient product() {
    Quotient value = signed();
    while (true) {
      switch (peek()) {
        case "*", "\\cdot", "\\times" -> {
          take();
          value = value.times(signed());
        }
        case "/", "\\div" -> {
          take();
          value = value.over(signed());
        }
        case "+", "-", ")", "}", "]", "|", "^", "!", "_", "**", END -> {
          return value;
        }
        default -> {
          refuseDigitAfterNumberOrLetter();
          value = value.times(power());
        }
      }
    }
  }

  private Quotient signed() {
    return switch (peek()) {
      case "-" -> {
        take();
        yield Quotient.of(0).minus(signed());
      }
      case "+" -> {
        take();
        yield signed();
      }
      default -> power();
    };
  }

  private Quotient power() {
    Quotient base = atom();
    if (peek().equals("!")) {
      take();
      base = base.factorial();
    }
    if (peek().equals("!")) {
      throw new MathSyntaxException("a factorial of its own kind");
    }
    if (!peek().equals("^") && !peek().equals("**")) {
      return base;
    }
    boolean latex = take().equals("^");
    boolean number = Character.isDigit((peek() + " ").charAt(0));
    return base.power(latex && !number ? argument() : signed());
  }

  /// `1 234` and `x2` are no products.
  private void refuseDigitAfterNumberOrLetter() {
    String last = tokens.get(next - 1);
    boolean digit = Character.isDigit(peek().charAt(0)) || peek().charAt(0) == '.';
    if (digit && Character.isLetterOrDigit(last.charAt(last.length() - 1))) {
      throw new MathSyntaxException("two numbers side by side");
    }
  }

  private Quotient atom() {
    String token = take();
    return switch (token) {
      case "(" -> closed(")");
      case "{" -> closed("}");
      case "[" -> closed("]");
      case "\\frac" -> argument().over(argument());
      case "\\sqrt" -> root();
      case "\\binom" -> argument().choose(argument());
      case END -> throw new MathSyntaxException("unexpected end");
      default -> {
        if (Character.isDigit(token.charAt(0)) || token.charAt(0) == '.') {
          yield number(token);
        }
        if (FUNCTIONS.contains(token)) {
          yield Quotient.symbol(token + "(" + power() + ")");
        }
        boolean letter = token.length() == 1 && Character.isLetter(token.charAt(0));
        if (!letter && !SYMBOLS.contains(token)) {
          throw new MathSyntaxException(token);
        }
        yield Quotient.symbol(token);
      }
    };
  }

  /// A number; a whole one before a fraction of whole ones is a mixed number.
  private Quotient number(String token) {
    Quotient value = Quotient.of(exact(token));
    if (!peek().equals("\\frac") || token.contains(".")) {
      return value;
    }
    int start = next;
    take();
    Quotient fraction = argument().over(argument());
    if (fraction.isPositiveConstant()) {
      return value.plus(fraction);
    }
    next = start;
    return value;
  }

  private static BigFraction exact(String token) {
    var decimal = new BigDecimal(token);
    return BigFraction.of(
        decimal.unscaledValue(), BigInteger.TEN.pow(Math.max(0, decimal.scale())));
  }

  private Quotient root() {
    if (!peek().equals("[")) {
      return argument().root(2);
    }
    take();
    int degree = closed("]").smallInteger();
    return argument().root(degree);
  }

  /// The argument of a command: a group in braces, or the next digit or symbol alone.
  private Quotient argument() {
    if (peek().equals("{")) {
      take();
      return closed("}");
    }
    String token = take();
    if (token.length() > 1 && Character.isDigit(token.charAt(0)) && !token.contains(".")) {
      tokens.set(next - 1, token.substring(0, 1));
      tokens.add(next, token.substring(1));
      return Quotient.of(Integer.parseInt(token.substring(0, 1)));
    }
    next--;
    return token.equals("-") ? signed() : atom();
  }

  private Quotient closed(String end) {
    Quotient value = sum();
    expect(end);
    return value;
  }

  private void expect(String token) {
    if (!take().equals(token)) {
      throw new MathSyntaxException("expected " + token);
    }
  }

  private String peek() {
    return next < tokens.size() ? tokens.get(next) : END;
  }

  private String take() {
    String token = peek();
    next++;
    return token;
  }
}
