//! XML as this socket speaks it: one element a frame, read into a small tree under bounds, and written with everything escaped.

use std::fmt::Write as _;

use quick_xml::{
    XmlVersion,
    escape::{resolve_predefined_entity, unescape},
    events::{BytesStart, Event},
    name::ResolveResult,
    reader::NsReader,
};

/// Elements within each other; a roster has five.
const DEPTH_MAX: usize = 16;

/// Elements of one stanza. Clients send some ten.
const ELEMENTS_MAX: usize = 256;

/// Attributes of one element: their names are compared with one another.
const ATTRIBUTES_MAX: usize = 32;

/// An element with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    name: String,
    namespace: String,
    attributes: Vec<(String, String)>,
    children: Vec<Self>,
    text: String,
}

/// Why a frame is no stanza.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No XML, or not one whole element.
    NotWellFormed,
    /// What XMPP forbids: a document type, an entity of one's own, a comment, an instruction.
    Restricted,
    /// Beyond a bound of this file.
    TooMuch,
}

impl Element {
    /// An element without content.
    pub fn new(name: &str, namespace: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            attributes: Vec::new(),
            children: Vec::new(),
            text: String::new(),
        }
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a child.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With a child of the same namespace that holds text alone.
    #[must_use]
    pub fn field(self, name: &str, text: &str) -> Self {
        let namespace = self.namespace.clone();
        self.child(Self { text: text.to_owned(), ..Self::new(name, &namespace) })
    }

    /// Whether it is of this name and namespace.
    pub fn is(&self, name: &str, namespace: &str) -> bool {
        self.name == name && self.namespace == namespace
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first child of this name and namespace.
    pub fn find(&self, name: &str, namespace: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(name, namespace))
    }

    /// All children of this name and namespace.
    pub fn all(&self, name: &str, namespace: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.is(name, namespace))
    }

    /// The text of the first child of this name and the same namespace; empty without one.
    pub fn text_of(&self, name: &str) -> &str {
        self.find(name, &self.namespace).map_or("", |child| child.text.as_str())
    }

    /// The text within, without that of its children.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a frame: one element, with nothing but blanks around it.
    /// # Errors
    /// Every [`Fault`].
    pub fn read(frame: &str) -> Result<Self, Fault> {
        let mut reader = NsReader::from_str(frame);
        reader.config_mut().expand_empty_elements = true;
        let (mut open, mut whole, mut elements) = (Vec::<Self>::new(), None, 0);
        loop {
            let (namespace, event) = reader.read_resolved_event().map_err(|_| Fault::NotWellFormed)?;
            match event {
                Event::Start(start) => {
                    let element = begun(&namespace, &start)?;
                    elements += 1;
                    if whole.is_some() {
                        return Err(Fault::NotWellFormed);
                    }
                    if open.len() == DEPTH_MAX || elements > ELEMENTS_MAX {
                        return Err(Fault::TooMuch);
                    }
                    open.push(element);
                }
                Event::End(_) => ended(open.pop().ok_or(Fault::NotWellFormed)?, &mut open, &mut whole),
                Event::Text(text) => said(&text.xml10_content(), &mut open)?,
                Event::CData(text) => said(&text.xml10_content(), &mut open)?,
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().map_err(|_| Fault::NotWellFormed)?;
                    match (character, resolve_predefined_entity(&reference)) {
                        (Some(character), _) => said(character.encode_utf8(&mut [0; 4]), &mut open)?,
                        (None, Some(text)) => said(text, &mut open)?,
                        (None, None) => return Err(Fault::Restricted),
                    }
                }
                Event::Decl(_) if open.is_empty() && whole.is_none() => {}
                Event::Decl(_) => return Err(Fault::NotWellFormed),
                Event::Comment(_) | Event::PI(_) | Event::DocType(_) => return Err(Fault::Restricted),
                // They come as a start and an end.
                Event::Empty(_) => {}
                Event::Eof => break,
            }
        }
        whole.filter(|_| open.is_empty()).ok_or(Fault::NotWellFormed)
    }

    /// The element as a frame.
    pub fn write(&self) -> String {
        self.write_around("")
    }

    /// The element as a frame, with children that are written already behind its own.
    pub fn write_around(&self, written: &str) -> String {
        let mut frame = String::with_capacity(written.len() + 256);
        self.write_whole("", written, &mut frame);
        frame
    }

    /// Writes the element as a child of one of the namespace `outer`.
    pub fn write_within(&self, outer: &str, frame: &mut String) {
        self.write_whole(outer, "", frame);
    }

    /// An empty one has a blank before its end: so the SDK compares `<close>`.
    fn write_whole(&self, outer: &str, written: &str, frame: &mut String) {
        // Writing to a String cannot fail.
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

fn begun(namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<Element, Fault> {
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => namespace.0,
        ResolveResult::Unbound => "",
        ResolveResult::Unknown(_) => return Err(Fault::NotWellFormed),
    };
    // The reader hands it on as it is spelt.
    let namespace = unescape(namespace).map_err(|_| Fault::NotWellFormed)?;
    if !namespace.chars().all(is_of_xml) {
        return Err(Fault::NotWellFormed);
    }
    // A name may have one colon, behind its prefix; the reader passes over a second one.
    let name = start.local_name();
    if name.as_ref().contains(':') {
        return Err(Fault::NotWellFormed);
    }
    let mut element = Element::new(name.as_ref(), &namespace);
    for (index, attribute) in start.attributes().enumerate() {
        if index == ATTRIBUTES_MAX {
            return Err(Fault::TooMuch);
        }
        let attribute = attribute.map_err(|_| Fault::NotWellFormed)?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Fault::NotWellFormed)?;
        if !value.chars().all(is_of_xml) {
            return Err(Fault::NotWellFormed);
        }
        element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

fn ended(element: Element, open: &mut [Element], whole: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *whole = Some(element),
    }
}

fn said(text: &str, open: &mut [Element]) -> Result<(), Fault> {
    if !text.chars().all(is_of_xml) {
        return Err(Fault::NotWellFormed);
    }
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(Fault::NotWellFormed),
    }
    Ok(())
}

/// What XML 1.0 lets a document hold. A reader gives up on anything else, escaped or not.
fn is_of_xml(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Text between tags or quotes. Blanks that a reader would change are escaped, and what no reader takes is replaced: one user's odd
/// status must not cost another its connection.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_odd = |c| matches!(c, '&' | '<' | '>' | '"' | '\t' | '\n' | '\r') || !is_of_xml(c);
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
