//! XML of the socket: one element per frame, read into a bounded tree, and written with escapes.

use std::fmt::Write as _;

use quick_xml::{
    XmlVersion,
    escape::{resolve_predefined_entity, unescape},
    events::{BytesStart, Event},
    name::ResolveResult,
    reader::NsReader,
};

/// Nesting depth of a stanza. A roster has five levels.
const DEPTH_MAX: usize = 16;

/// Elements per stanza. Clients send about ten.
const ELEMENTS_MAX: usize = 256;

/// Attributes per element. The reader compares each name with all others.
const ATTRIBUTES_MAX: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlElement {
    name: String,
    namespace: String,
    attributes: Vec<(String, String)>,
    children: Vec<Self>,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StanzaFault {
    /// Not XML, or not exactly one element.
    NotWellFormed,
    /// XMPP forbids it: a document type, a custom entity, a comment, an instruction.
    Restricted,
    TooMuch,
}

impl XmlElement {
    pub fn new(name: &str, namespace: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            attributes: Vec::new(),
            children: Vec::new(),
            text: String::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    #[must_use]
    pub fn holding(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// Adds a child of the same namespace that holds only text.
    #[must_use]
    pub fn field(self, name: &str, text: &str) -> Self {
        let namespace = self.namespace.clone();
        self.child(Self { text: text.to_owned(), ..Self::new(name, &namespace) })
    }

    pub fn is(&self, name: &str, namespace: &str) -> bool {
        self.name == name && self.namespace == namespace
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn find(&self, name: &str, namespace: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(name, namespace))
    }

    pub fn all(&self, name: &str, namespace: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.is(name, namespace))
    }

    pub fn text_of(&self, name: &str) -> &str {
        self.find(name, &self.namespace).map_or("", |child| child.text.as_str())
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a frame: one element, and white space around it.
    pub fn read(frame: &str) -> Result<Self, StanzaFault> {
        let mut reader = NsReader::from_str(frame);
        reader.config_mut().expand_empty_elements = true;
        let (mut open, mut root, mut elements) = (Vec::<Self>::new(), None, 0);
        loop {
            let (namespace, event) = reader.read_resolved_event().map_err(|_| StanzaFault::NotWellFormed)?;
            match event {
                Event::Start(start) => {
                    let element = start_element(&namespace, &start)?;
                    elements += 1;
                    if root.is_some() {
                        return Err(StanzaFault::NotWellFormed);
                    }
                    if open.len() == DEPTH_MAX || elements > ELEMENTS_MAX {
                        return Err(StanzaFault::TooMuch);
                    }
                    open.push(element);
                }
                Event::End(_) => end_element(open.pop().ok_or(StanzaFault::NotWellFormed)?, &mut open, &mut root),
                Event::Text(text) => append_text(&text.xml10_content(), &mut open)?,
                Event::CData(text) => append_text(&text.xml10_content(), &mut open)?,
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().map_err(|_| StanzaFault::NotWellFormed)?;
                    match (character, resolve_predefined_entity(&reference)) {
                        (Some(character), _) => append_text(character.encode_utf8(&mut [0; 4]), &mut open)?,
                        (None, Some(text)) => append_text(text, &mut open)?,
                        (None, None) => return Err(StanzaFault::Restricted),
                    }
                }
                Event::Decl(_) if open.is_empty() && root.is_none() => {}
                Event::Decl(_) => return Err(StanzaFault::NotWellFormed),
                Event::Comment(_) | Event::PI(_) | Event::DocType(_) => return Err(StanzaFault::Restricted),
                // The reader sends these as a start and an end.
                Event::Empty(_) => {}
                Event::Eof => break,
            }
        }
        root.filter(|_| open.is_empty()).ok_or(StanzaFault::NotWellFormed)
    }

    pub fn write(&self) -> String {
        self.write_around("")
    }

    /// Writes the element as a frame. `written` is appended to its children unescaped.
    pub fn write_around(&self, written: &str) -> String {
        let mut frame = String::with_capacity(written.len() + 256);
        self.write_whole("", written, &mut frame);
        frame
    }

    /// Writes the element as a child of an element with the namespace `outer`.
    pub fn write_within(&self, outer: &str, frame: &mut String) {
        self.write_whole(outer, "", frame);
    }

    /// Writes the element with `written` after its children, as a child of an element with the namespace `outer`. An
    /// empty element has a space before its end: the SDK compares `<close />` as text.
    pub(super) fn write_whole(&self, outer: &str, written: &str, frame: &mut String) {
        let _ = write!(frame, "<{}", self.name);
        if self.namespace != outer {
            let _ = write!(frame, " xmlns=\"{}\"", Escaped(&self.namespace));
        }
        for (name, value) in &self.attributes {
            let _ = write!(frame, " {name}=\"{}\"", Escaped(value));
        }
        if self.children.is_empty() && self.text.is_empty() && written.is_empty() {
            frame.push_str(" />");
            return;
        }
        let _ = write!(frame, ">{}", Escaped(&self.text));
        self.children.iter().for_each(|child| child.write_within(&self.namespace, frame));
        frame.push_str(written);
        let _ = write!(frame, "</{}>", self.name);
    }
}

fn start_element(namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<XmlElement, StanzaFault> {
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => namespace.0,
        ResolveResult::Unbound => "",
        ResolveResult::Unknown(_) => return Err(StanzaFault::NotWellFormed),
    };
    // The reader does not unescape namespaces.
    let namespace = unescape(namespace).map_err(|_| StanzaFault::NotWellFormed)?;
    if !namespace.chars().all(is_xml_char) {
        return Err(StanzaFault::NotWellFormed);
    }
    // A name may have one colon, after its prefix. The reader accepts a second one.
    let name = start.local_name();
    if name.as_ref().contains(':') {
        return Err(StanzaFault::NotWellFormed);
    }
    let mut element = XmlElement::new(name.as_ref(), &namespace);
    for (index, attribute) in start.attributes().enumerate() {
        if index == ATTRIBUTES_MAX {
            return Err(StanzaFault::TooMuch);
        }
        let attribute = attribute.map_err(|_| StanzaFault::NotWellFormed)?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| StanzaFault::NotWellFormed)?;
        if !value.chars().all(is_xml_char) {
            return Err(StanzaFault::NotWellFormed);
        }
        element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

fn end_element(element: XmlElement, open: &mut [XmlElement], root: &mut Option<XmlElement>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

fn append_text(text: &str, open: &mut [XmlElement]) -> Result<(), StanzaFault> {
    if !text.chars().all(is_xml_char) {
        return Err(StanzaFault::NotWellFormed);
    }
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(StanzaFault::NotWellFormed),
    }
    Ok(())
}

fn is_xml_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Escapes white space that a reader would change, and replaces characters that XML forbids: a reader would close the
/// connection because of another user's status.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_odd = |c| matches!(c, '&' | '<' | '>' | '"' | '\t' | '\n' | '\r') || !is_xml_char(c);
        self.0.split_inclusive(is_odd).try_for_each(|run| {
            f.write_str(run.strip_suffix(is_odd).unwrap_or(run))?;
            match run.chars().next_back().filter(|c| is_odd(*c)) {
                None => Ok(()),
                Some('&') => f.write_str("&amp;"),
                Some('<') => f.write_str("&lt;"),
                Some('>') => f.write_str("&gt;"),
                Some('"') => f.write_str("&quot;"),
                Some(c @ ('\t' | '\n' | '\r')) => write!(f, "&#{};", u32::from(c)),
                Some(_) => f.write_char('\u{FFFD}'),
            }
        })
    }
}
