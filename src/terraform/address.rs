//! Addresses of resources and modules, compared segment by segment.

use std::fmt;
use std::str::FromStr;

/// The address of a resource or a module, as Terraform writes it: `module.x["a.b"].aws_sqs_queue.q[0]`.
///
/// Source: "Resource Address Reference" of the Terraform documentation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Segment {
    start: usize,
    name: String,
    key: Option<String>,
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no address: {reason}")]
pub struct AddressError {
    /// The text as given.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Address {
    /// The address of a text that may not be one: such an address is inside nothing.
    pub(super) fn lenient(text: &str) -> Self {
        text.parse().unwrap_or_else(|_| Self { text: text.to_owned(), segments: Vec::new() })
    }

    /// The root module: everything is inside it.
    pub fn root() -> Self {
        Self { text: String::new(), segments: Vec::new() }
    }

    /// The address as Terraform writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this names a module and nothing in it.
    pub fn is_module(&self) -> bool {
        !self.segments.is_empty() && self.module_segments() == self.segments.len()
    }

    /// Whether this is the root module.
    pub fn is_root(&self) -> bool {
        self.text.is_empty() && self.segments.is_empty()
    }

    /// Whether this is `outer`, a module, a resource or an instance of one, or something in it. One without a key stands
    /// for all its instances. A text that is no address is inside nothing.
    pub fn is_inside(&self, outer: &Self) -> bool {
        !self.segments.is_empty()
            && (outer.is_root() || !outer.segments.is_empty())
            && self.segments.len() >= outer.segments.len()
            && outer
                .segments
                .iter()
                .zip(&self.segments)
                .all(|(outer, inner)| outer.name == inner.name && (outer.key.is_none() || outer.key == inner.key))
    }

    /// The text after the address of `module`; all of it when it is not inside, or is that itself.
    pub fn relative_to(&self, module: &Self) -> &str {
        if !self.is_inside(module) || self.segments.len() == module.segments.len() {
            return &self.text;
        }
        self.segments.get(module.segments.len()).map_or("", |segment| &self.text[segment.start..])
    }

    /// The address of the module it lies in, empty for the root.
    pub fn module(&self) -> &str {
        match self.segments.get(self.module_segments()) {
            Some(segment) => self.text[..segment.start].trim_end_matches('.'),
            None => &self.text,
        }
    }

    /// The module of the root that it lies in, with its key; none for what is in the root itself.
    pub fn outermost(&self) -> Option<Self> {
        let segments = self.segments.get(..2).filter(|_| self.module_segments() > 0)?;
        let end = self.segments.get(2).map_or(self.text.len(), |next| next.start - 1);
        Some(Self { text: self.text[..end].to_owned(), segments: segments.to_vec() })
    }

    fn module_segments(&self) -> usize {
        self.segments.chunks(2).take_while(|pair| pair.len() == 2 && pair[0].name == "module").count() * 2
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason| AddressError { text: text.to_owned(), reason };
        let mut segments = Vec::new();
        let mut position = 0;
        loop {
            let start = position;
            let rest = &text[start..];
            let length = rest.find(['.', '[']).unwrap_or(rest.len());
            let name = &rest[..length];
            if name.is_empty() {
                return Err(wrong("a name is missing"));
            }
            if !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
                return Err(wrong("a name has a character that no name has"));
            }
            position += length;
            let mut key = None;
            if text[position..].starts_with('[') {
                let (value, length) = instance_key(&text[position..]).ok_or_else(|| wrong("a key is not closed"))?;
                key = Some(value);
                position += length;
            }
            segments.push(Segment { start, name: name.to_owned(), key });
            match text[position..].chars().next() {
                None => break,
                Some('.') => position += 1,
                Some(_) => return Err(wrong("something follows a key")),
            }
        }
        Ok(Self { text: text.to_owned(), segments })
    }
}

/// The key that `text` begins with, in a form in which numbers and strings differ, and how many bytes it takes.
fn instance_key(text: &str) -> Option<(String, usize)> {
    let inner = text.strip_prefix('[')?;
    let Some(quoted) = inner.strip_prefix('"') else {
        let end = inner.find(']')?;
        let number = &inner[..end];
        return (!number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
            .then(|| (number.to_owned(), end + 2));
    };
    let mut value = String::from("\"");
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => {
                let (_, escaped) = characters.next()?;
                match escaped {
                    '"' | '\\' => value.push(escaped),
                    other => value.extend(['\\', other]),
                }
            }
            '"' => return quoted[index + 1..].starts_with(']').then_some((value, index + 4)),
            other => value.push(other),
        }
    }
    None
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::lenient(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse().expect(text)
    }

    #[test]
    fn a_longer_label_is_another_module() {
        let module = address("module.x_2022-08-3");
        assert!(!address("module.x_2022-08-31.aws_sqs_queue.q").is_inside(&module));
        assert!(address("module.x_2022-08-3.aws_sqs_queue.q[0]").is_inside(&module));
        assert!(address("module.x_2022-08-3.module.deeper.data.aws_ecr_image.i").is_inside(&module));
        assert!(!address("aws_sqs_queue.x_2022-08-3").is_inside(&module));
    }

    #[test]
    fn keys_may_hold_dots_brackets_and_quotes() {
        let module = address(r#"module.pipelines["2022.08"]"#);
        assert!(address(r#"module.pipelines["2022.08"].module.m["]\"."].a_b.c"#).is_inside(&module));
        assert!(!address(r#"module.pipelines["2022.081"].a_b.c"#).is_inside(&module));
        assert!(!address("module.pipelines[0].a_b.c").is_inside(&address(r#"module.pipelines["0"]"#)));
        assert!(address(r#"module.pipelines["2022.08"].a_b.c"#).is_inside(&address("module.pipelines")));
    }

    #[test]
    fn everything_is_inside_the_root_and_an_instance_inside_its_resource() {
        for text in ["a_b.c", "module.x.a_b.c", "data.a.b[0]"] {
            assert!(address(text).is_inside(&Address::root()), "{text}");
        }
        let instance = address(r#"aws_sqs_queue.q["2022-08-31"]"#);
        assert!(instance.is_inside(&instance) && instance.is_inside(&address("aws_sqs_queue.q")));
        assert!(!address(r#"aws_sqs_queue.q["2022-08-3"]"#).is_inside(&instance));
        assert!(!address("aws_sqs_queue.q").is_inside(&instance));
        assert_eq!(instance.relative_to(&instance), instance.as_str());
        assert_eq!(instance.relative_to(&Address::root()), instance.as_str());
    }

    #[test]
    fn is_told_relative_to_its_module() {
        let resource = address(r#"module.x["a.b"].aws_sqs_queue.q["c"]"#);
        assert_eq!(resource.relative_to(&address("module.x")), r#"aws_sqs_queue.q["c"]"#);
        assert_eq!(resource.relative_to(&address("module.y")), resource.as_str());
        assert_eq!(resource.module(), r#"module.x["a.b"]"#);
        assert_eq!(address("a_b.c").module(), "");
        assert_eq!(resource.outermost(), Some(address(r#"module.x["a.b"]"#)));
        assert_eq!(address("module.x.module.y").outermost(), Some(address("module.x")));
        assert_eq!(address("a_b.c").outermost(), None);
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in ["", ".", "a.", "a..b", "a b.c", "a[", "a[x].b", r#"a["x].b"#, r#"a["x"]b"#, "a[]"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
            assert!(!Address::lenient(text).is_inside(&address("module.x")), "{text}");
        }
        assert!(!address("aws_sqs_queue.q").is_inside(&Address::lenient("a b")));
        assert!(!Address::lenient("").is_inside(&Address::root()));
        assert!(!address("aws_sqs_queue.q").is_module());
        assert!(!address("module").is_module());
    }
}
