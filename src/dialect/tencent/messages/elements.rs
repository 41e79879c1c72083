//! The elements of a message: `MsgBody` and the body that is stored.
//!
//! A message of one text element is text. Every other one is a custom body of this vendor, with a line of text that the
//! clients of the other vendors show.

use serde_json::{Map, Value, json};

use crate::{
    dialect::tencent::reply::{ErrorCode, TencentError},
    domain::{CloudData, CustomBody, Message, MessageBody, MessageOrigin, MessageText},
};

/// Of the compact JSON of `MsgBody`, and of `CloudCustomData`. Source: "the total size must not exceed 12 KB".
pub(super) const BYTES_MAX: usize = 12_288;

/// Elements of one message. The vendor documents no limit but the size.
const ELEMENTS_MAX: usize = 100;

/// The code of a message that is too large: the socket and the REST API have different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Socket,
    RestApi,
}

fn too_large(door: Door, field: &str) -> TencentError {
    let code = match door {
        Door::Socket => ErrorCode::MessageTooLarge,
        Door::RestApi => ErrorCode::RestMessageTooLarge,
    };
    TencentError::Coded(code, format!("{field} must be at most {BYTES_MAX} bytes of JSON"))
}

/// Parses a `MsgBody`.
/// # Errors
/// 90007 if it is no list, or empty; 90010 for an element that is not served; the door's code if it is too large.
pub(super) fn parse(given: Option<&Value>, door: Door) -> Result<MessageBody, TencentError> {
    let elements = given.and_then(Value::as_array).filter(|elements| !elements.is_empty()).ok_or_else(|| {
        TencentError::Coded(ErrorCode::NoElements, "MsgBody must be a list of at least one element".to_owned())
    })?;
    if elements.len() > ELEMENTS_MAX {
        return Err(bad_element(&format!("MsgBody must have at most {ELEMENTS_MAX} elements")));
    }
    let mut lines = Vec::with_capacity(elements.len());
    for element in elements {
        lines.push(line_of(element)?);
    }
    if Value::Array(elements.clone()).to_string().len() > BYTES_MAX {
        return Err(too_large(door, "MsgBody"));
    }
    let is_text = matches!(elements.as_slice(), [element] if only_text(element));
    let text = MessageText::parse(lines.join("\n"))
        .map_err(|fault| bad_element(&format!("The text of the message {fault}")))?;
    let custom = match is_text {
        true => None,
        false => Some(
            CustomBody::parse(MessageOrigin::Tencent, Value::Array(elements.clone()))
                .map_err(|fault| bad_element(&format!("MsgBody {fault}")))?,
        ),
    };
    Ok(MessageBody { text, custom })
}

/// Parses a `CloudCustomData`.
pub(super) fn cloud(given: Option<&str>, door: Door) -> Result<CloudData, TencentError> {
    CloudData::parse(given.unwrap_or_default()).map_err(|_| too_large(door, "CloudCustomData"))
}

fn bad_element(info: &str) -> TencentError {
    TencentError::Coded(ErrorCode::BadElement, info.to_owned())
}

/// Whether an element is a text and nothing else, so that its text is all there is to store.
fn only_text(element: &Value) -> bool {
    let is_bare = |object: Option<&Map<String, Value>>, fields| object.is_some_and(|object| object.len() == fields);
    element["MsgType"] == "TIMTextElem"
        && is_bare(element.as_object(), 2)
        && is_bare(element["MsgContent"].as_object(), 1)
}

/// Checks an element. Returns the line that clients of other vendors show for it.
fn line_of(element: &Value) -> Result<String, TencentError> {
    let kind = element["MsgType"].as_str().unwrap_or_default();
    let content = element["MsgContent"].as_object();
    let content = content.ok_or_else(|| bad_element("An element must have MsgType, and MsgContent in braces"))?;
    let text = |name: &str| match content.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(bad_element(&format!("{name} of {kind} must be text, in quotes"))),
    };
    let titled = |title: &str, more: &str| if more.is_empty() { title.to_owned() } else { more.to_owned() };
    match kind {
        "TIMTextElem" => match text("Text")? {
            "" => Err(bad_element("Text of TIMTextElem must not be empty")),
            text => Ok(text.to_owned()),
        },
        "TIMCustomElem" => {
            text("Data")?;
            text("Ext")?;
            Ok(titled("[Custom message]", text("Desc")?))
        }
        "TIMFaceElem" => {
            text("Data")?;
            match content.get("Index").is_some_and(Value::is_number) {
                true => Ok("[Sticker]".to_owned()),
                false => Err(bad_element("Index of TIMFaceElem must be a number")),
            }
        }
        "TIMLocationElem" => {
            let is_number = |name: &str| content.get(name).is_some_and(Value::is_number);
            match is_number("Latitude") && is_number("Longitude") {
                true => Ok(titled("[Location]", text("Desc")?)),
                false => Err(bad_element("Latitude and Longitude of TIMLocationElem must be numbers")),
            }
        }
        _ => Err(bad_element(
            "MsgType must be TIMTextElem, TIMCustomElem, TIMFaceElem or TIMLocationElem: others are not served",
        )),
    }
}

/// Returns the `MsgBody` of a message. It is never empty, because the SDK skips a message without elements. A custom
/// message of another vendor is a custom element whose `Desc` is its text.
pub(super) fn elements(message: &Message) -> Value {
    let text = message.body.text.as_str();
    match &message.body.custom {
        None => json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]),
        Some(custom) if custom.format == MessageOrigin::Tencent => custom.json().clone(),
        Some(custom) => json!([{
            "MsgType": "TIMCustomElem",
            "MsgContent": { "Data": custom.json().to_string(), "Desc": text, "Ext": custom.format.as_str() },
        }]),
    }
}
