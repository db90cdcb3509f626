//! JSON Schema (2020-12, the part that describes arguments of a function) as a grammar in llama.cpp's form (GBNF): a reply
//! is then one value of the schema and nothing else. Pure.
//!
//! llama.cpp has a converter too, but only within the library of its command-line tools.
//!
//! Properties that are required come in the order of `required`, the others behind them by name; properties that the schema
//! does not name are not written. What cannot be kept is refused, not left out.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// What every grammar may refer to.
const RULES: &str = r#"space ::= " "?
char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
string ::= "\"" char* "\""
integer ::= "-"? ("0" | [1-9] [0-9]{0,15})
number ::= integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?
boolean ::= "true" | "false"
null ::= "null"
"#;

/// Keywords that describe and do not restrict. `format` is one of them unless a schema says otherwise.
const ANNOTATIONS: [&str; 13] = [
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
];

/// Schemas in schemas, and characters or items that are counted; more would make a grammar that nobody waits for.
const MOST_DEPTH: usize = 32;
const MOST_COUNTED: u64 = 1_000;

/// Why a schema cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the JSON Schema at {at}: {problem}")]
pub struct SchemaError {
    /// A JSON pointer, as `#/properties/day`.
    at: String,
    problem: String,
}

/// The grammar of the values of `schema`, whose rule is `root`.
///
/// # Errors
///
/// When it is no JSON, or asks for what a grammar of this kind cannot keep.
pub fn grammar(schema: &str) -> Result<String, SchemaError> {
    let schema: Value = serde_json::from_str(schema).map_err(|error| error_at("#", &error.to_string()))?;
    let mut writer = Writer { schema: &schema, references: HashMap::new(), rules: RULES.to_owned() };
    let root = writer.value(&schema, "#", 0)?;
    Ok(format!("root ::= {root}\n{}", writer.rules))
}

struct Writer<'schema> {
    schema: &'schema Value,
    /// The rules of references, by pointer.
    references: HashMap<String, String>,
    rules: String,
}

impl Writer<'_> {
    /// What describes the values of one schema.
    fn value(&mut self, schema: &Value, at: &str, depth: usize) -> Result<String, SchemaError> {
        let Value::Object(keywords) = schema else { return Err(error_at(at, "is no object")) };
        if depth > MOST_DEPTH {
            return Err(error_at(at, &format!("is more than {MOST_DEPTH} schemas deep")));
        }
        if let Some(pointer) = keywords.get("$ref") {
            only(keywords, &["$ref"], at)?;
            return self.reference(pointer, at, depth);
        }
        if let Some(constant) = keywords.get("const") {
            only(keywords, &["const", "type"], at)?;
            return Ok(literal(&constant.to_string()));
        }
        if let Some(values) = keywords.get("enum") {
            only(keywords, &["enum", "type"], at)?;
            let values = values.as_array().filter(|values| !values.is_empty());
            let values = values.ok_or_else(|| error_at(at, "`enum` is no list of values"))?;
            return Ok(either(values.iter().map(|value| literal(&value.to_string()))));
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(schemas) = keywords.get(keyword) {
                only(keywords, &[keyword, "type"], at)?;
                return self.any_of(schemas, &format!("{at}/{keyword}"), depth);
            }
        }
        match keywords.get("type") {
            Some(Value::String(kind)) => self.typed(kind, keywords, at, depth),
            Some(Value::Array(kinds)) if !kinds.is_empty() => {
                // Each keyword belongs to one of the types and says nothing of the others.
                let kinds = kinds.iter().map(|kind| {
                    let kind = kind.as_str().unwrap_or_default();
                    let own = keywords.iter().filter(|(keyword, _)| !of_other_type(keyword, kind));
                    let own: Map<String, Value> = own.map(|(key, value)| (key.clone(), value.clone())).collect();
                    self.typed(kind, &own, at, depth)
                });
                Ok(either(kinds.collect::<Result<Vec<_>, _>>()?.into_iter()))
            }
            _ => Err(error_at(at, "says no `type`")),
        }
    }

    fn typed(
        &mut self,
        kind: &str,
        keywords: &Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<String, SchemaError> {
        match kind {
            "object" => self.object(keywords, at, depth),
            "array" => self.array(keywords, at, depth),
            "string" => {
                only(keywords, &["type", "minLength", "maxLength"], at)?;
                Ok(match counted(keywords, "minLength", "maxLength", at)? {
                    (0, None) => "string".to_owned(),
                    (least, most) => format!(r#""\"" char{} "\"""#, repeated(least, most)),
                })
            }
            "integer" | "number" | "boolean" | "null" => {
                only(keywords, &["type"], at)?;
                Ok(kind.to_owned())
            }
            _ => Err(error_at(at, &format!("the type {kind:?} is unknown"))),
        }
    }

    fn object(&mut self, keywords: &Map<String, Value>, at: &str, depth: usize) -> Result<String, SchemaError> {
        only(keywords, &["type", "properties", "required", "additionalProperties"], at)?;
        let none = Map::new();
        let properties = keywords.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required: Vec<&str> = keywords
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if let Some(unknown) = required.iter().find(|name| !properties.contains_key(**name)) {
            return Err(error_at(at, &format!("requires {unknown:?}, which is no property")));
        }
        let mut member = |name: &str| {
            let value = self.value(&properties[name], &format!("{at}/properties/{name}"), depth + 1)?;
            Ok(format!("{} space {value}", literal(&format!("{}:", Value::from(name)))))
        };
        let first = required.iter().map(|name| member(name)).collect::<Result<Vec<_>, SchemaError>>()?;
        let others = properties.keys().filter(|name| !required.contains(&name.as_str()));
        let others = others.map(|name| member(name)).collect::<Result<Vec<_>, SchemaError>>()?;
        Ok(format!(r#""{{" space {} space "}}""#, members(&first, &others)))
    }

    fn array(&mut self, keywords: &Map<String, Value>, at: &str, depth: usize) -> Result<String, SchemaError> {
        only(keywords, &["type", "items", "minItems", "maxItems"], at)?;
        let items = keywords.get("items").ok_or_else(|| error_at(at, "says no `items`"))?;
        let item = self.value(items, &format!("{at}/items"), depth + 1)?;
        let (least, most) = counted(keywords, "minItems", "maxItems", at)?;
        if most == Some(0) {
            return Ok(r#""[" space "]""#.to_owned());
        }
        let further = repeated(least.saturating_sub(1), most.map(|most| most - 1));
        let optional = if least == 0 { "?" } else { "" };
        Ok(format!(r#""[" space ({item} ("," space {item}){further} space){optional} "]""#))
    }

    fn any_of(&mut self, schemas: &Value, at: &str, depth: usize) -> Result<String, SchemaError> {
        let schemas = schemas.as_array().filter(|schemas| !schemas.is_empty());
        let schemas = schemas.ok_or_else(|| error_at(at, "is no list of schemas"))?;
        let values = schemas.iter().enumerate().map(|(nth, one)| self.value(one, &format!("{at}/{nth}"), depth + 1));
        Ok(either(values.collect::<Result<Vec<_>, _>>()?.into_iter()))
    }

    /// A reference within the schema, to itself as well: a rule of its own.
    fn reference(&mut self, pointer: &Value, at: &str, depth: usize) -> Result<String, SchemaError> {
        let pointer = pointer.as_str().unwrap_or_default();
        if let Some(rule) = self.references.get(pointer) {
            return Ok(rule.clone());
        }
        let root = self.schema;
        let target = pointer.strip_prefix('#').and_then(|path| root.pointer(path));
        let target =
            target.ok_or_else(|| error_at(at, &format!("refers to {pointer:?}, which is not in the schema")))?;
        let rule = format!("ref-{}", self.references.len());
        self.references.insert(pointer.to_owned(), rule.clone());
        let value = self.value(target, pointer, depth + 1)?;
        self.rules.push_str(&format!("{rule} ::= {value}\n"));
        Ok(rule)
    }
}

/// Refuses keywords that are neither among `known` nor annotations.
fn only(keywords: &Map<String, Value>, known: &[&str], at: &str) -> Result<(), SchemaError> {
    let other = keywords.keys().find(|key| !known.contains(&key.as_str()) && !ANNOTATIONS.contains(&key.as_str()));
    other.map_or(Ok(()), |other| {
        Err(error_at(at, &format!("{other:?} cannot be kept here; allowed: {}", known.join(", "))))
    })
}

fn of_other_type(keyword: &str, kind: &str) -> bool {
    let owner = match keyword {
        "properties" | "required" | "additionalProperties" => "object",
        "items" | "minItems" | "maxItems" => "array",
        "minLength" | "maxLength" => "string",
        _ => kind,
    };
    owner != kind
}

/// The least and the greatest number that two keywords give.
fn counted(
    keywords: &Map<String, Value>,
    least: &str,
    most: &str,
    at: &str,
) -> Result<(u64, Option<u64>), SchemaError> {
    let number = |keyword: &str| match keywords.get(keyword) {
        None => Ok(None),
        Some(value) => value
            .as_u64()
            .filter(|count| *count <= MOST_COUNTED)
            .map(Some)
            .ok_or_else(|| error_at(at, &format!("`{keyword}` is {value}; allowed: 0 to {MOST_COUNTED}"))),
    };
    let (least_count, most_count) = (number(least)?.unwrap_or(0), number(most)?);
    if most_count.is_some_and(|most| most < least_count) {
        return Err(error_at(at, &format!("`{most}` is less than `{least}`")));
    }
    Ok((least_count, most_count))
}

fn repeated(least: u64, most: Option<u64>) -> String {
    most.map_or_else(|| format!("{{{least},}}"), |most| format!("{{{least},{most}}}"))
}

/// Members of an object, those that may be missing behind those that may not, with commas between.
fn members(required: &[String], optional: &[String]) -> String {
    let behind =
        |members: &[String]| -> String { members.iter().map(|member| format!(r#" ("," space {member})?"#)).collect() };
    if !required.is_empty() {
        return required.join(r#" "," space "#) + &behind(optional);
    }
    let beginnings = optional.iter().enumerate().map(|(nth, first)| format!("{first}{}", behind(&optional[nth + 1..])));
    if optional.is_empty() { String::new() } else { format!("{}?", either(beginnings)) }
}

fn either(choices: impl Iterator<Item = String>) -> String {
    format!("({})", choices.collect::<Vec<_>>().join(" | "))
}

/// `json` itself, as GBNF quotes it.
fn literal(json: &str) -> String {
    format!("\"{}\"", json.replace('\\', r"\\").replace('"', r#"\""#))
}

fn error_at(at: &str, problem: &str) -> SchemaError {
    SchemaError { at: at.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(schema: &str) -> String {
        let grammar = grammar(schema).unwrap();
        grammar.lines().next().unwrap().strip_prefix("root ::= ").unwrap().to_owned()
    }

    fn problem(schema: &str) -> String {
        grammar(schema).unwrap_err().to_string()
    }

    #[test]
    fn required_properties_come_first_and_in_their_order() {
        let schema = r#"{ "type": "object", "required": ["when", "day"], "properties": {
            "day": { "enum": ["monday", "\"q\""] }, "note": { "type": "string" }, "when": { "type": "integer" } } }"#;
        assert_eq!(
            root(schema),
            r#""{" space "\"when\":" space integer "," space "\"day\":" space ("\"monday\"" | "\"\\\"q\\\"\"") ("," space "\"note\":" space string)? space "}""#
        );
    }

    #[test]
    fn without_required_ones_any_property_may_be_the_first() {
        let schema = r#"{ "type": "object", "properties": { "a": { "type": "null" }, "b": { "type": "boolean" } } }"#;
        assert_eq!(
            root(schema),
            r#""{" space ("\"a\":" space null ("," space "\"b\":" space boolean)? | "\"b\":" space boolean)? space "}""#
        );
        assert_eq!(root(r#"{ "type": "object" }"#), r#""{" space  space "}""#);
    }

    #[test]
    fn lists_and_strings_are_counted() {
        let list = |bounds: &str| root(&format!(r#"{{ "type": "array", "items": {{ "type": "number" }}{bounds} }}"#));
        assert_eq!(list(""), r#""[" space (number ("," space number){0,} space)? "]""#);
        assert_eq!(
            list(r#", "minItems": 2, "maxItems": 4"#),
            r#""[" space (number ("," space number){1,3} space) "]""#
        );
        assert_eq!(list(r#", "maxItems": 0"#), r#""[" space "]""#);
        assert_eq!(root(r#"{ "type": "string", "maxLength": 9 }"#), r#""\"" char{0,9} "\"""#);
    }

    #[test]
    fn several_types_and_schemas_are_alternatives() {
        assert_eq!(root(r#"{ "type": ["string", "null"], "minLength": 2 }"#), r#"("\"" char{2,} "\"" | null)"#);
        assert_eq!(root(r#"{ "anyOf": [{ "const": 1 }, { "type": "boolean" }] }"#), r#"("1" | boolean)"#);
    }

    #[test]
    fn a_schema_may_refer_to_itself() {
        let tree = r##"{ "$ref": "#/$defs/tree", "$defs": { "tree": { "type": "array", "items": { "$ref": "#/$defs/tree" } } } }"##;
        let grammar = grammar(tree).unwrap();
        assert!(grammar.starts_with("root ::= ref-0\n"), "{grammar}");
        assert!(grammar.ends_with("ref-0 ::= \"[\" space (ref-0 (\",\" space ref-0){0,} space)? \"]\"\n"), "{grammar}");
    }

    #[test]
    fn what_cannot_be_kept_is_refused_where_it_stands() {
        let at = |schema: &str| problem(&format!(r#"{{ "type": "object", "properties": {{ "age": {schema} }} }}"#));
        assert_eq!(
            at(r#"{ "type": "integer", "minimum": 18 }"#),
            "the JSON Schema at #/properties/age: \"minimum\" cannot be kept here; allowed: type"
        );
        assert!(at("{}").ends_with("#/properties/age: says no `type`"));
        assert!(at("true").ends_with("is no object"));
        assert!(at(r#"{ "type": "text" }"#).ends_with("the type \"text\" is unknown"));
        assert!(at(r##"{ "$ref": "#/$defs/x" }"##).contains("not in the schema"));
        assert!(at(r##"{ "$ref": "#", "maxLength": 5 }"##).contains("\"maxLength\" cannot be kept here"));
        assert!(at(r#"{ "type": "string", "maxLength": 5000 }"#).ends_with("allowed: 0 to 1000"));
        assert!(at(r#"{ "type": "string", "minLength": 5, "maxLength": 2 }"#).ends_with("less than `minLength`"));
        assert!(problem(r#"{ "type": "object", "required": ["x"] }"#).contains("which is no property"));
        assert!(problem("{").contains("the JSON Schema at #: EOF"));
        let mut deep = r#"{ "type": "null" }"#.to_owned();
        for _ in 0..40 {
            deep = format!(r#"{{ "type": "array", "items": {deep} }}"#);
        }
        assert!(problem(&deep).contains("deep"));
    }
}
