/// The template language of chat templates: Jinja2 as transformers sets it up (sandboxed, block
/// trimming, loop controls, its own `tojson`, `{% generation %}`), without a way to Java, files or
/// the network, and bounded in steps and output.
///
/// A template runs through `jinja.syntax` into statements and expressions; `Interpreter` walks the
/// statements, `Evaluator` the expressions. Values are those of `jinja.python`. Features that no
/// published template uses are left out, see docs/decisions.md.
///
/// Source: pallets/jinja@3.1.6, huggingface/transformers `chat_template_utils.py`.
@NullMarked
package dev.burnish.jinja;

import org.jspecify.annotations.NullMarked;
