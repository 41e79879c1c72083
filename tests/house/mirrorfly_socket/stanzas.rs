use standin::dialect::mirrorfly::xmpp::stanza::{StanzaFault, XmlElement};

#[test]
fn an_element_is_written_as_it_is_read() {
    for frame in [
        r#"<a xmlns="n" />"#,
        r#"<a xmlns="n" b="1" c="&lt;&amp;&gt;&quot;">text &amp; more<d>e</d><f xmlns="m" /></a>"#,
    ] {
        assert_eq!(XmlElement::read(frame).unwrap().write(), frame);
    }
}

#[test]
fn prefixes_character_references_and_sections_are_read() {
    let element = XmlElement::read("<p:a xmlns:p='n'>&#65;&#x42;<![CDATA[<C>]]>&apos;<p:b>x</p:b></p:a>").unwrap();
    assert!(element.is("a", "n"));
    assert_eq!((element.text(), element.text_of("b")), ("AB<C>'", "x"));
}

#[test]
fn characters_that_xml_forbids_are_replaced_and_whitespace_stays() {
    let element = XmlElement::new("a", "n").with("b", "1\n2").field("c", "x\u{FFFF}y\u{1}z\r\n\t.");
    let frame = element.write();
    assert_eq!(frame, "<a xmlns=\"n\" b=\"1&#10;2\"><c>x\u{FFFD}y\u{FFFD}z&#13;&#10;&#9;.</c></a>");
    let read = XmlElement::read(&frame).unwrap();
    assert_eq!((read.attribute("b"), read.text_of("c")), (Some("1\n2"), "x\u{FFFD}y\u{FFFD}z\r\n\t."));
}

#[test]
fn a_text_that_is_not_one_element_is_refused() {
    for frame in [
        "",
        " ",
        "text",
        "<a",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>text",
        "<a><b></a></b>",
        "<p:a/>",
        "<a b=1/>",
        "<a b='1' b='2'/>",
        "<a>&#0;</a>",
        "<a>\u{1}</a>",
        "<a b='\u{1}'/>",
        "<a>&#1;</a>",
        "<a>&lt</a>",
    ] {
        assert_eq!(XmlElement::read(frame), Err(StanzaFault::NotWellFormed), "{frame}");
    }
}

#[test]
fn document_types_entities_comments_and_instructions_are_refused() {
    for frame in
        ["<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a>&b;</a>", "<!--x--><a/>", "<a><?x y?></a>"]
    {
        assert_eq!(XmlElement::read(frame), Err(StanzaFault::Restricted), "{frame}");
    }
}

#[test]
fn depth_elements_and_attributes_have_bounds() {
    let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert!(XmlElement::read(&deep(15)).is_ok());
    assert!(XmlElement::read(&deep(16)).is_ok());
    assert_eq!(XmlElement::read(&deep(17)), Err(StanzaFault::TooMuch));
    let wide = |children: usize| format!("<a>{}</a>", "<b/>".repeat(children));
    assert!(XmlElement::read(&wide(255)).is_ok());
    assert_eq!(XmlElement::read(&wide(256)), Err(StanzaFault::TooMuch));
    let attributes = |count: usize| {
        let attributes: String = (0..count).map(|n| format!(" a{n}=''")).collect();
        format!("<a{attributes}/>")
    };
    assert!(XmlElement::read(&attributes(32)).is_ok());
    assert_eq!(XmlElement::read(&attributes(33)), Err(StanzaFault::TooMuch));
}
