//! The lexer: splits the text of an expression into tokens.

use super::error::ExpressionError;
use super::name::Name;
use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(Name),
    /// An operator or a punctuation mark. `and`, `or` and `not` become the corresponding symbols.
    Symbol(&'static str),
    End,
}

/// Longer symbols come first, so that `<=` is not read as `<` and `=`.
const SYMBOLS: [&str; 24] = [
    "**", "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "^", "!", "(", ")", ",", "?", ":",
    "&", "|", "=",
];

/// Characters that are not part of the language, each with the hint shown in the error.
const MISTAKEN: [(char, &str); 12] = [
    ('≤', "write `<=`"),
    ('≥', "write `>=`"),
    ('≠', "write `!=`"),
    ('×', "write `*`"),
    ('·', "write `*`"),
    ('−', "write `-`"),
    ('÷', "write `/`"),
    ('"', "paths are in single quotes: 'like/this'"),
    ('`', "paths are in single quotes: 'like/this'"),
    ('[', "use `(` and `)`"),
    ('{', "use `(` and `)`"),
    (';', "an expression is a single value"),
];

/// Returns the tokens with their byte ranges. The last token is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, ExpressionError> {
    let mut tokens = Vec::new();
    let mut lexer = Lexer { text, at: 0 };
    loop {
        lexer.skip(char::is_whitespace);
        let start = lexer.at;
        let token = lexer.token()?;
        if token == Token::End {
            // The end token goes right after the last token, before any trailing spaces.
            let end = text.trim_end().len();
            tokens.push((Token::End, end..end));
            return Ok(tokens);
        }
        tokens.push((token, start..lexer.at));
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

fn starts_name(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

fn continues_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|character| !accept(character)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> ExpressionError {
        ExpressionError::new(self.text, span, message)
    }

    fn token(&mut self) -> Result<Token, ExpressionError> {
        let rest = self.rest();
        let mut characters = rest.chars();
        let Some(first) = characters.next() else {
            return Ok(Token::End);
        };
        let digit_next = characters.next().is_some_and(|next| next.is_ascii_digit());
        if first.is_ascii_digit() || (first == '.' && digit_next) {
            return self.number();
        }
        if starts_name(first) {
            let path = self.skip(continues_name).to_owned();
            return Ok(match path.as_str() {
                "and" => Token::Symbol("&&"),
                "or" => Token::Symbol("||"),
                "not" => Token::Symbol("!"),
                _ => Token::Name(self.name(false, path)?),
            });
        }
        if first == '\'' {
            let path = self.quoted()?;
            return Ok(Token::Name(self.name(true, path)?));
        }
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            let span = self.at..self.at + symbol.len();
            self.at = span.end;
            return match symbol {
                "&" => Err(self.error(span, "there are no operations on bits; for \"and\", write `&&`")),
                "|" => Err(self.error(span, "there are no operations on bits; for \"or\", write `||`")),
                "=" => Err(self.error(span, "`=` does not compare; write `==`")),
                _ => Ok(Token::Symbol(symbol)),
            };
        }
        let hint = MISTAKEN.iter().find(|(mistaken, _)| *mistaken == first);
        let hint = hint.map_or("names are made of the letters a to z, digits and `_`", |(_, hint)| hint);
        let span = self.at..self.at + first.len_utf8();
        Err(self.error(
            span,
            format!("`{}` is not part of an expression; {hint}", first.escape_debug()),
        ))
    }

    fn digits(&mut self) {
        self.skip(|character| character.is_ascii_digit());
        while let Some(more) = self.rest().strip_prefix('_')
            && more.starts_with(|character: char| character.is_ascii_digit())
        {
            self.at += 1;
            self.skip(|character| character.is_ascii_digit());
        }
    }

    fn number(&mut self) -> Result<Token, ExpressionError> {
        let start = self.at;
        self.digits();
        if self.rest().starts_with('.') {
            self.at += 1;
            self.digits();
        }
        if let Some(exponent) = self.rest().strip_prefix(['e', 'E']) {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            // Without digits, the `e` starts a name, as in 5eV.
            if digits.starts_with(|character: char| character.is_ascii_digit()) {
                self.at = self.text.len() - digits.len();
                self.digits();
            }
        }
        let span = start..self.at;
        let text = &self.text[span.clone()];
        if self.rest().starts_with(continues_name) {
            let name = self.skip(continues_name);
            let message = format!("an operator is missing between a number and a name; write `{text}*{name}`");
            return Err(self.error(start..self.at, message));
        }
        match text.replace('_', "").parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Number(number)),
            Ok(_) => Err(self.error(span, "this number is too large; the largest is about 1.8e308")),
            Err(_) => Err(self.error(span, "this is not a number")),
        }
    }

    fn quoted(&mut self) -> Result<String, ExpressionError> {
        let start = self.at;
        let Some(length) = self.text[start + 1..].find('\'') else {
            return Err(self.error(
                start..start + 1,
                "this quote is not closed; put another `'` after the path",
            ));
        };
        self.at = start + length + 2;
        if length == 0 {
            return Err(self.error(start..self.at, "the path in these quotes is empty"));
        }
        Ok(self.text[start + 1..start + 1 + length].to_owned())
    }

    /// Reads the dot-separated names that follow a path.
    fn name(&mut self, quoted: bool, path: String) -> Result<Name, ExpressionError> {
        let mut follow = Vec::new();
        while self.rest().starts_with('.') {
            self.at += 1;
            if !self.rest().starts_with(starts_name) {
                return Err(self.error(self.at - 1..self.at, "the name of a column must follow this dot"));
            }
            follow.push(self.skip(continues_name).to_owned());
        }
        Ok(Name { quoted, path, follow })
    }
}
