package dev.burnish;

import java.lang.classfile.AccessFlags;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFileElement;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The public top-level types of ours, and which of them are used.
final class PublicTypes {
  private static final String PREFIX = "dev/burnish/";
  private static final Pattern TYPE = Pattern.compile(PREFIX + "(?:[a-z]+/)*[A-Z]\\w*");

  private final Set<String> declared = new TreeSet<>();
  private final Set<String> used = new TreeSet<>();

  /// Adds a class, with its declarations and its uses.
  void add(ClassModel model) {
    String name = model.thisClass().asInternalName();
    if (!name.startsWith(PREFIX) || name.endsWith("package-info")) {
      return;
    }
    boolean isPublic = model.flags().has(AccessFlag.PUBLIC);
    if (isPublic && !name.contains("$") && !isException(model)) {
      declared.add(name);
    }
    mentions(model).stream().filter(type -> !inPackageOf(name, type)).forEach(used::add);
    if (isPublic) {
      signatures(model).stream().filter(type -> !type.equals(topLevel(name))).forEach(used::add);
    }
  }

  /// Such as `train.Schedule`; of the root package the simple name.
  Set<String> withoutUsers() {
    return declared.stream()
        .filter(name -> !used.contains(name))
        .map(name -> name.substring(PREFIX.length()).replace('/', '.'))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean isException(ClassModel model) {
    return model
        .superclass()
        .filter(type -> type.asInternalName().matches(".*(Exception|Error|Failure|Throwable)"))
        .isPresent();
  }

  private static List<String> mentions(ClassModel model) {
    List<String> texts = new ArrayList<>();
    model
        .constantPool()
        .forEach(entry -> {
          if (entry instanceof ClassEntry type) {
            texts.add(type.asInternalName());
          } else if (entry instanceof Utf8Entry text) {
            texts.add(text.stringValue());
          }
        });
    return types(texts);
  }

  /// The types that users of the class see: its supertypes, its public members, its permitted
  /// types.
  private static List<String> signatures(ClassModel model) {
    List<String> texts = new ArrayList<>();
    model.superclass().ifPresent(type -> texts.add(type.asInternalName()));
    model.interfaces().forEach(type -> texts.add(type.asInternalName()));
    model
        .findAttribute(Attributes.permittedSubclasses())
        .ifPresent(a -> a.permittedSubclasses().forEach(type -> texts.add(type.asInternalName())));
    for (ClassFileElement element : model) {
      switch (element) {
        case MethodModel method when isVisible(method.flags()) -> {
          texts.add(method.methodType().stringValue());
          method
              .findAttribute(Attributes.signature())
              .ifPresent(a -> texts.add(a.signature().stringValue()));
        }
        case FieldModel field when isVisible(field.flags()) ->
            texts.add(field.fieldType().stringValue());
        default -> {}
      }
    }
    return types(texts);
  }

  private static boolean isVisible(AccessFlags flags) {
    return flags.has(AccessFlag.PUBLIC) || flags.has(AccessFlag.PROTECTED);
  }

  private static List<String> types(List<String> texts) {
    return texts.stream()
        .flatMap(text -> TYPE.matcher(text).results().map(MatchResult::group))
        .toList();
  }

  private static boolean inPackageOf(String name, String type) {
    return name.substring(0, name.lastIndexOf('/'))
        .equals(type.substring(0, type.lastIndexOf('/')));
  }

  private static String topLevel(String name) {
    int nested = name.indexOf('$');
    return nested < 0 ? name : name.substring(0, nested);
  }
}
