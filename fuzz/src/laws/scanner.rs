//! Reading: no text makes it panic, and what is read lies where it says.

use super::source::{Source, any_text};
use crate::hcl::{
    Assignment, Item, Lexer, Locals, Path, PathOrItem, Value, elements, format, items, list_inside, list_items,
    object_inside,
};

/// Reads any text as a file, a path, a value.
pub fn scanner(bytes: &[u8]) {
    let text = any_text(&mut Source::new(bytes));
    let mut end = 0;
    for token in Lexer::new(&text, 0..text.len()).map_while(Result::ok) {
        assert!(token.start >= end && token.end >= token.start && token.end <= text.len());
        assert!(text.get(token.span()).is_some(), "a token ends within a character");
        end = token.end;
    }
    if let Ok(found) = items(&text) {
        assert!(found.windows(2).all(|pair| pair[0].span().end <= pair[1].span().start));
        let mut locals = Locals::new();
        for item in &found {
            match item {
                Item::Block(block) => {
                    let _ = locals.add(&text, block);
                }
                Item::Attribute(attribute) => {
                    if let Some(inside) = object_inside(&text, &attribute.value) {
                        let _ = elements(&text, inside);
                    }
                    if let Some(inside) = list_inside(&text, &attribute.value) {
                        let _ = list_items(&text, inside);
                    }
                    let _ = locals.evaluate(&text[attribute.value.clone()]);
                }
            }
        }
        if let Ok(once) = format(&text, 0) {
            assert_eq!(items(&once).map(|items| items.len()), Ok(found.len()), "formatting loses items");
        }
    }
    let _ = text.parse::<Assignment>();
    let _ = text.parse::<PathOrItem>();
    if let Ok(path) = text.parse::<Path>() {
        assert_eq!(path.to_string().parse::<Path>().as_ref(), Ok(&path));
    }
    if let Ok(value) = text.parse::<Value>() {
        let file = format!("x = {}\n", value.as_str());
        assert!(items(&file).is_ok_and(|items| items.len() == 1), "{file}");
    }
}
