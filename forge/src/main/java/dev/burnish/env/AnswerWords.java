package dev.burnish.env;

import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// Words that may stand next to the number of an answer without changing its value: any noun after
/// it, sentences such as "the answer is" before it. Words of number (million, dozens, half), of
/// calculation (squared, root), of sign (minus, below) and of doubt or denial (not, about, or)
/// change it.
final class AnswerWords {
  private static final Pattern BETWEEN = Pattern.compile("[^\\p{L}]+");

  /// Words of a family: millions, Millionen, milliards; tenths, hundredth; twofold.
  private static final Pattern FAMILY =
      Pattern.compile(
          "[a-z]*illi(?:on|ard|oen)[a-z]*|mill?on(?:es)?|mil(?:h(?:ao|oes)|jo?e?n(?:en)?|iun|ion[aei]?|a)"
              + "|(?:hundred|thousand|hundert|tausend)[a-z]*"
              + "|(?:four|fif|six|seven|eigh|nin|ten|eleven|twelf|[a-z]+teen|[a-z]+tie)ths?"
              + "|[a-z]*fold|googol[a-z]*|infinit[a-z]*|approx[a-z]*|incorrect[a-z]*");

  private static final Set<String> NUMBERS =
      words(
          """
          zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
          fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty
          ninety half halves third thirds quarter quarters dozen dozens doz score scores gross grand
          grands lakh lakhs lac lacs crore crores cr myriad myriads pair pairs couple couples trio
          trios kilo mega giga tera milli micro nano mil mln mio mrd bil bln tril trn thou thsd tsd
          mille cento ciento cien mila millar millares millier milliers dutzend dutzende docena
          docenas douzaine douzaines juta ribu oku
          """);

  private static final Set<String> CALCULATION =
      words(
          """
          squared cubed square root cube sqrt cbrt log ln lg sin cos tan cot sec exp abs mod modulo
          factorial factorials power powers raised exponent reciprocal inverse inverted twice thrice
          double doubled triple tripled quadruple quadrupled halved multiplied divided plus minus
          negative negated add added subtract subtracted into permille basis bps ppm ppb base binary
          octal hex hexadecimal repeating recurring periodic imaginary and
          alpha beta gamma delta theta lambda sigma omega phi psi rho tau
          """);

  /// The words of these that follow the number they apply to.
  private static final Set<String> AFTERWARDS =
      words("squared cubed factorial doubled tripled halved permille negated inverted plus minus");

  private static final Set<String> DOUBT =
      words(
          """
          or not no nor never none neither isnt arent wasnt doesnt dont didnt cant wont without
          except wrong false mistake error maybe perhaps possibly probably might could about around
          roughly nearly almost circa least most less fewer under below above beyond exceeding
          greater smaller bigger larger higher lower between until till upto max limit bound bounds
          wait actually rather instead but however unless else deficit debt loss short overdrawn
          unknown undefined unclear impossible through thru odd
          """);

  /// Results by name: `the sum is 5`. After a number they would be of something else.
  private static final Set<String> RESULTS =
      words("sum difference product quotient remainder maximum minimum");

  /// Short words that mean no number after one.
  private static final Set<String> SHORT =
      words(
          """
          a an as at am pm be by do go he in is it its me my of off on per so us we cm mm m km kg g
          mg ml mL L l s h hr ft lb lbs oz mi yd yds sq cu mph
          kmh kph hrs min mins sec secs USD EUR GBP
          """);

  /// Touching a number these may be a million, or an article.
  private static final Set<String> AMBIGUOUS =
      words("m a an as at be by do go he in is it so us we");

  /// Words that may stand right before a number: `the answer is 5`.
  private static final Set<String> LEADING =
      words(
          """
          is are was were be answer answers answered result results solution total totals equals
          equal therefore thus hence so get gets got has have had need needs needed cost costs earn
          earns earned pay pays paid spent spend spends make makes made take takes took receive
          receives received save saves saved leaves left remain remains remaining only exactly just
          value number final
          """);

  private AnswerWords() {}

  private static Set<String> words(String list) {
    return Set.of(list.strip().split("\\s+", -1));
  }

  /// Whether a phrase after a number leaves it as it is: `apples`, `dollars per hour`.
  static boolean harmlessAfter(String phrase) {
    List<String> words = inPhrase(phrase);
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      boolean area = plain(word).equals("square") && i + 1 < words.size();
      boolean known = word.length() > 2 || SHORT.contains(word);
      if (!area && (!known || changes(word) || RESULTS.contains(plain(word)))) {
        return false;
      }
    }
    return true;
  }

  /// Whether a word that touches the last digit is a unit: `km`, `hours`, not `k` and not `bn`.
  static boolean touchingUnit(String word) {
    boolean unit = SHORT.contains(word) && !AMBIGUOUS.contains(word);
    return (unit || word.length() > 4) && !changes(word);
  }

  /// Whether a phrase before a number leaves it as it is.
  static boolean harmlessBefore(String phrase) {
    String end = phrase.strip();
    List<String> words = inPhrase(end.replaceAll("(?i)\\bgrand(?=\\s+total)", ""));
    boolean said = words.isEmpty() || end.endsWith(":") || end.endsWith("=");
    return words.stream().noneMatch(AnswerWords::changes)
        && (said || LEADING.contains(plain(words.getLast())));
  }

  /// Whether a word multiplies the number before it, or divides it: `million`, `dozen`, `squared`.
  static boolean isAmount(String word) {
    String plain = plain(word);
    return NUMBERS.contains(plain)
        || AFTERWARDS.contains(plain)
        || (word.length() == 1 && "kKMBbT".contains(word))
        || FAMILY.matcher(plain).matches();
  }

  private static List<String> inPhrase(String phrase) {
    return BETWEEN
        .splitAsStream(phrase.replace("'", "").replace("\u2019", ""))
        .filter(word -> !word.isEmpty())
        .toList();
  }

  private static boolean changes(String word) {
    String plain = plain(word);
    return NUMBERS.contains(plain)
        || CALCULATION.contains(plain)
        || DOUBT.contains(plain)
        || FAMILY.matcher(plain).matches();
  }

  /// Lower case without accents.
  private static String plain(String word) {
    return Normalizer.normalize(word, Normalizer.Form.NFD)
        .replaceAll("\\p{M}", "")
        .toLowerCase(Locale.ROOT);
  }
}
