//! CSV with the columns of a product export, in its current and older headings, as shops export it and as spreadsheets
//! save it.

use std::collections::HashMap;

use csv::StringRecord;
use serde_json::{Map, Value, json};

use super::{Sheet, Wrong, price};

/// The meaning of a column.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum ExportField {
    Handle,
    Title,
    Description,
    Category,
    Status,
    Published,
    Sku,
    Price,
    Image,
    ImageAlt,
    OptionName(u8),
    OptionValue(u8),
}

/// The headings of each field, in lower case; if a file has several, the first in this list is used.
const HEADINGS: &[(ExportField, &[&str])] = &[
    (ExportField::Handle, &["url handle", "handle"]),
    (ExportField::Title, &["title"]),
    (ExportField::Description, &["description", "body (html)", "body html", "body"]),
    (ExportField::Category, &["type", "custom product type", "product category", "standard product type"]),
    (ExportField::Status, &["status"]),
    (ExportField::Published, &["published on online store", "published"]),
    (ExportField::Sku, &["variant sku", "sku"]),
    (ExportField::Price, &["variant price", "price"]),
    (ExportField::Image, &["product image url", "image src"]),
    (ExportField::ImageAlt, &["image alt text"]),
    (ExportField::OptionName(1), &["option1 name"]),
    (ExportField::OptionName(2), &["option2 name"]),
    (ExportField::OptionName(3), &["option3 name"]),
    (ExportField::OptionValue(1), &["option1 value"]),
    (ExportField::OptionValue(2), &["option2 value"]),
    (ExportField::OptionValue(3), &["option3 value"]),
];

/// Parses the whole text. Rows with the same handle are one product, wherever they are; a row without a handle is a
/// separate product.
pub(super) fn read(text: &str) -> Result<Sheet, Wrong> {
    let (separator, start) = dialect(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(&text.as_bytes()[start..]);
    let mut record = StringRecord::new();
    let mut next = |record: &mut StringRecord| -> Result<Option<usize>, Wrong> {
        let more = reader.read_record(record).map_err(|e| ("the file".to_owned(), e.to_string()))?;
        let place = record.position().map_or(0, csv::Position::byte);
        Ok(more.then(|| start + usize::try_from(place).unwrap_or(0)))
    };
    let Some(place) = next(&mut record)? else { return Err(("the file".to_owned(), "is empty".to_owned())) };
    let columns = Columns::read(&record).map_err(|why| (format!("line {}", line_at(text, place)), why))?;
    let mut products = Products { comma_locale: separator == b';', ..Products::default() };
    while let Some(place) = next(&mut record)? {
        let row = Row { columns: &columns, record: &record };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let wrong = |(column, why): (Option<String>, String)| {
            let line = line_at(text, place);
            (column.map_or_else(|| format!("line {line}"), |column| format!("line {line}, column {column}")), why)
        };
        row.check_length().and_then(|()| products.add(&row, || line_at(text, place))).map_err(wrong)?;
    }
    Ok(products.finish())
}

/// The separator, and the offset of the heading. Spreadsheets may put a line with the separator before it: `sep=;`.
fn dialect(text: &str) -> (u8, usize) {
    let first_end = text.find(['\r', '\n']).unwrap_or(text.len());
    let first = text[..first_end].trim_matches('"').to_ascii_lowercase();
    if let Some(&[separator]) = first.strip_prefix("sep=").map(str::as_bytes) {
        return (separator, first_end);
    }
    let heading = text.trim_start_matches(['\r', '\n']);
    let (mut quoted, mut counts) = (false, [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)]);
    for byte in heading.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if quoted => {}
            byte => counts.iter_mut().filter(|(separator, _)| *separator == byte).for_each(|(_, count)| *count += 1),
        }
    }
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    (most.map_or(b',', |(separator, _)| separator), 0)
}

/// The line number of the row at `place`, as an editor counts: `\r\n`, `\n` and `\r` each end a line.
fn line_at(text: &str, place: usize) -> usize {
    let bytes = text.as_bytes();
    let start = (place..bytes.len()).find(|at| !matches!(bytes[*at], b'\r' | b'\n')).unwrap_or(bytes.len());
    let ends = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    1 + (0..start).filter(ends).count()
}

/// The index of each field, and its name in the file.
struct Columns {
    fields: HashMap<ExportField, (usize, String)>,
    count: usize,
}

impl Columns {
    fn read(heading: &StringRecord) -> Result<Self, String> {
        let names: Vec<String> =
            heading.iter().map(|name| name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()).collect();
        let find = |known: &[&str]| known.iter().find_map(|name| names.iter().position(|heading| heading == name));
        let fields: HashMap<ExportField, (usize, String)> = HEADINGS
            .iter()
            .filter_map(|(field, known)| find(known).map(|place| (*field, (place, heading[place].trim().to_owned()))))
            .collect();
        if !fields.contains_key(&ExportField::Title) {
            return Err(
                "there is no column 'Title'; a product export has Title, URL handle (or Handle), SKU, Price, …"
                    .to_owned(),
            );
        }
        Ok(Self { fields, count: names.len() })
    }

    fn name(&self, field: ExportField) -> Option<String> {
        self.fields.get(&field).map(|(_, name)| name.clone())
    }
}

/// `(column, why)`
type Slip = (Option<String>, String);

struct Row<'r> {
    columns: &'r Columns,
    record: &'r StringRecord,
}

impl Row<'_> {
    fn cell(&self, field: ExportField) -> Option<&str> {
        let (place, _) = self.columns.fields.get(&field)?;
        self.record.get(*place).map(str::trim).filter(|text| !text.is_empty())
    }

    fn slip(&self, field: ExportField, why: impl Into<String>) -> Slip {
        (self.columns.name(field), why.into())
    }

    /// Fails if the row has another number of columns; empty cells after the last column are allowed, because
    /// spreadsheets leave them.
    fn check_length(&self) -> Result<(), Slip> {
        let (count, beyond) = (self.columns.count, self.record.iter().skip(self.columns.count));
        if self.record.len() < count || beyond.into_iter().any(|cell| !cell.trim().is_empty()) {
            return Err((None, format!("has {} columns, but the heading has {count}", self.record.len())));
        }
        Ok(())
    }

    /// The product's status; fails with the word if it is unknown, so that it never puts a product on sale.
    fn status(&self) -> Result<&'static str, &str> {
        let published = self.cell(ExportField::Published).is_none_or(|word| !word.eq_ignore_ascii_case("false"));
        match self.cell(ExportField::Status) {
            None if published => Ok("active"),
            None => Ok("draft"),
            Some(word) => {
                let known = ["active", "draft", "archived"].into_iter().find(|known| word.eq_ignore_ascii_case(known));
                known.ok_or(word)
            }
        }
    }
}

/// The products so far: the current one as parsed values, the others as text.
#[derive(Default)]
struct Products {
    done: Vec<String>,
    open: Option<(usize, Map<String, Value>)>,
    by_handle: HashMap<String, usize>,
    comma_locale: bool,
    /// How many have an unknown status, and the first of them.
    unknown_status: (usize, Option<String>),
}

impl Products {
    fn add(&mut self, row: &Row<'_>, line: impl Fn() -> usize) -> Result<(), Slip> {
        let handle = row.cell(ExportField::Handle);
        let known = handle.and_then(|handle| self.by_handle.get(handle).copied());
        let comma_locale = self.comma_locale;
        let product = match known {
            Some(place) => self.reopen(place),
            None => self.begin(row, handle, line)?,
        };
        add_variant(product, row, comma_locale)?;
        add_image(product, row)
    }

    fn begin(
        &mut self,
        row: &Row<'_>,
        handle: Option<&str>,
        line: impl Fn() -> usize,
    ) -> Result<&mut Map<String, Value>, Slip> {
        let Some(title) = row.cell(ExportField::Title) else {
            return Err(match handle {
                Some(_) => row.slip(ExportField::Title, "is empty: the first row of a product needs a title"),
                None if row.columns.name(ExportField::Handle).is_some() => {
                    row.slip(ExportField::Handle, "is empty, and so is the title")
                }
                None => row.slip(ExportField::Title, "is empty"),
            });
        };
        let status = row.status().unwrap_or_else(|word| {
            self.unknown_status.0 += 1;
            self.unknown_status.1.get_or_insert_with(|| format!("'{word}' in line {}", line()));
            "draft"
        });
        let mut product = Map::new();
        product.insert("title".into(), title.into());
        product.insert("description_html".into(), row.cell(ExportField::Description).into());
        product.insert("category".into(), row.cell(ExportField::Category).into());
        product.insert("status".into(), status.into());
        product.insert("variants".into(), json!([]));
        product.insert("images".into(), json!([]));
        self.close();
        let place = self.done.len();
        self.done.push(String::new());
        if let Some(handle) = handle {
            self.by_handle.insert(handle.to_owned(), place);
        }
        Ok(&mut self.open.insert((place, product)).1)
    }

    fn reopen(&mut self, place: usize) -> &mut Map<String, Value> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != place) {
            self.close();
        }
        let text = &self.done[place];
        let read = || (place, serde_json::from_str(text).unwrap_or_default());
        &mut self.open.get_or_insert_with(read).1
    }

    fn close(&mut self) {
        if let Some((place, product)) = self.open.take() {
            self.done[place] = Value::Object(product).to_string();
        }
    }

    fn finish(mut self) -> Sheet {
        self.close();
        let (count, first) = self.unknown_status;
        let note = first.map(|first| {
            format!("{count} products have a status other than active, draft or archived ({first}): they are imported as drafts")
        });
        Sheet { products: self.done, notes: note.into_iter().collect() }
    }
}

/// A row with a price is a variant.
fn add_variant(product: &mut Map<String, Value>, row: &Row<'_>, comma_locale: bool) -> Result<(), Slip> {
    let Some(written) = row.cell(ExportField::Price) else { return Ok(()) };
    let amount = price::parse(written, comma_locale)
        .map_err(|why| row.slip(ExportField::Price, format!("'{written}' {why}")))?;
    let (amount, sku) = (amount.to_string(), row.cell(ExportField::Sku));
    let Some(variants) = product.get_mut("variants").and_then(Value::as_array_mut) else { return Ok(()) };
    // Only the first row names the options.
    let named = variants.first().and_then(|first| first["options"].as_array()).map_or(&[][..], Vec::as_slice);
    let options = (1..=3).filter_map(|n| {
        let value = row.cell(ExportField::OptionValue(n))?;
        let before = named.get(usize::from(n) - 1).and_then(|option| option["name"].as_str());
        Some(json!({ "name": row.cell(ExportField::OptionName(n)).or(before).unwrap_or("Option"), "value": value }))
    });
    let options: Vec<Value> = options.collect();
    let title: Vec<&str> = options.iter().filter_map(|o| o["value"].as_str()).collect();
    let title = title.join(" / ");
    let is_first = variants.is_empty();
    variants.push(json!({ "sku": sku, "title": title, "price": amount, "options": options, "image_id": null }));
    if is_first {
        product.insert("price".into(), amount.into());
        product.insert("sku".into(), sku.into());
    }
    Ok(())
}

/// A row with a URL is a picture; `//host/…` is a URL without its scheme.
fn add_image(product: &mut Map<String, Value>, row: &Row<'_>) -> Result<(), Slip> {
    let Some(written) = row.cell(ExportField::Image) else { return Ok(()) };
    let address = if written.starts_with("//") { format!("https:{written}") } else { written.to_owned() };
    let is_web = |url: &url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let Some(url) = url::Url::parse(&address).ok().filter(is_web) else {
        return Err(row.slip(ExportField::Image, format!("'{written}' is not a web URL")));
    };
    let name = url.path().rsplit('/').next().unwrap_or_default();
    if let Some(images) = product.get_mut("images").and_then(Value::as_array_mut) {
        images.push(json!({ "url": address, "alt": row.cell(ExportField::ImageAlt), "file_name": name }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn products(text: &str) -> Vec<Value> {
        let sheet = read(text).unwrap_or_else(|(place, why)| panic!("{place}: {why}\n{text}"));
        sheet.products.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
    }

    const OLDER: &str = "Handle,Title,Body (HTML),Vendor,Type,Status,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Image Alt Text\r\n\
        mug,Mug,\"<p>A mug,\nwith \"\"two\"\" lines</p>\",Acme,Kitchen,active,Size,S,M-S,9.90,https://cdn.example/mug.jpg?v=1,Front\r\n\
        mug,,,,,,,L,M-L,11.90,,\r\n";

    fn is_the_mug(text: &str) {
        let mug = &products(text)[0];
        assert_eq!((mug["title"].as_str(), mug["category"].as_str()), (Some("Mug"), Some("Kitchen")), "{text}");
        assert_eq!(mug["description_html"], "<p>A mug,\nwith \"two\" lines</p>");
        assert_eq!(mug["variants"][1]["price"], "11.90");
        assert_eq!(mug["variants"][1]["options"][0], json!({ "name": "Size", "value": "L" }));
        assert_eq!(mug["images"][0]["file_name"], "mug.jpg");
        assert_eq!((mug["sku"].as_str(), mug["status"].as_str()), (Some("M-S"), Some("active")));
    }

    #[test]
    fn every_separator_line_end_and_case_is_read_alike() {
        for text in [
            OLDER.to_owned(),
            OLDER.replace("Vendor", "\"Vendor; brand\""),
            OLDER.replace("\r\n", "\n"),
            OLDER.replace("\r\n", "\r"),
            format!("sep=,\r\n{OLDER}"),
            format!("\"sep=,\"\n\n{OLDER}"),
            format!("{OLDER},,,,,,,,,,,\r\n   \r\n\r\n"),
            OLDER.replacen(
                OLDER.lines().next().expect("a heading"),
                &OLDER.lines().next().expect("a heading").to_lowercase(),
                1,
            ),
            OLDER.replace("mug,,,,,,,L,M-L,11.90,,", "mug,,,,,,,L,M-L,11.90,,,,"),
        ] {
            is_the_mug(&text);
        }
        for separator in [";", "\t", "|"] {
            let body = OLDER.replace("mug,\nwith", "mug\u{1},\nwith").replace(',', separator);
            is_the_mug(&body.replace(&format!("mug\u{1}{separator}"), "mug,"));
        }
    }

    /// The heading of the template that the platform gives out today.
    #[test]
    fn todays_headings_are_read_too() {
        let text = "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode,Option1 name,\
            Option1 value,Option1 Linked To,Option2 name,Option2 value,Option2 Linked To,Option3 name,Option3 value,Option3 Linked To,Price,\
            Compare-at price,Cost per item,Charge tax,Tax code,Inventory tracker,Inventory quantity,Continue selling when out of stock,\
            Weight value (grams),Weight unit for display,Requires shipping,Fulfillment service,Product image URL,Image position,Image alt text,\
            Variant image URL,Gift card,SEO title,SEO description\n\
            Mug,mug,<p>d</p>,Acme,Home & Garden > Mugs,Kitchen,,TRUE,Active,M-S,,Size,S,,,,,,,,9.90,12.00,,TRUE,,,,DENY,300,g,TRUE,manual,\
            //cdn.example/mug.jpg,1,Front,,FALSE,,\n\
            ,mug,,,,,,,,M-L,,,L,,,,,,,,11.90,,,,,,,,,,,,,,,,,,\n";
        let mug = &products(text)[0];
        assert_eq!(mug["description_html"], "<p>d</p>");
        assert_eq!((mug["category"].as_str(), mug["sku"].as_str()), (Some("Kitchen"), Some("M-S")));
        assert_eq!(mug["variants"].as_array().map(Vec::len), Some(2));
        assert_eq!(mug["variants"][1]["options"][0]["name"], "Size");
        let picture = json!({ "url": "https://cdn.example/mug.jpg", "alt": "Front", "file_name": "mug.jpg" });
        assert_eq!(mug["images"][0], picture);
    }

    #[test]
    fn rows_of_one_handle_are_one_product_wherever_they_stand() {
        let text = "Handle,Title,Variant Price\nmug,Mug,1\ncup,Cup,2\nmug,,3\n,Loose,4\n,Loose,5\ncup,,6\n";
        let prices: Vec<Vec<String>> = products(text)
            .iter()
            .map(|product| {
                let variants = product["variants"].as_array().expect("a list");
                variants.iter().map(|variant| variant["price"].as_str().expect("a price").to_owned()).collect()
            })
            .collect();
        assert_eq!(prices, [vec!["1", "3"], vec!["2", "6"], vec!["4"], vec!["5"]]);
        assert_eq!(products("Title,Price\nA,1\nB,2\n").len(), 2, "a list without handles");
    }

    #[test]
    fn only_what_is_called_active_is_on_sale() {
        let text = "Handle,Title,Status,Published\na,A,Draft,TRUE\nb,B,ARCHIVED,\nc,C,Active,\nd,D,,false\ne,E,,\nf,F,Unlisted,\ng,G,gone,\n";
        let sheet = read(text).expect("is read");
        let status =
            |text: &String| serde_json::from_str::<Value>(text).expect("JSON")["status"].as_str().map(str::to_owned);
        let statuses: Vec<String> = sheet.products.iter().filter_map(status).collect();
        assert_eq!(statuses, ["draft", "archived", "active", "draft", "active", "draft", "draft"]);
        assert!(
            sheet.notes[0].contains("2 products") && sheet.notes[0].contains("'Unlisted' in line 7"),
            "{:?}",
            sheet.notes
        );
    }

    #[test]
    fn a_slip_is_named_with_its_line_and_column() {
        for (text, place) in [
            ("Handle,Name\n", "line 1"),
            ("Handle,Title,Variant Price\na,A,many\n", "line 2, column Variant Price"),
            ("Handle,Title,Variant Price\r\na,A,many\r\n", "line 2, column Variant Price"),
            ("Handle,Title,Variant Price\ra,A,1\rb,B,many\r", "line 3, column Variant Price"),
            ("sep=;\r\nhandle;title;price\r\na;\"two\r\nlines\n\rmore\";1\r\n\r\nb;B;many\r\n", "line 8, column price"),
            ("Handle,Title,Image Src\na,A,\nb,B,file.png\n", "line 3, column Image Src"),
            ("\n\nHandle,Title\na\n", "line 4"),
            ("Handle,Title\na,A,b\n", "line 2"),
            ("Handle,Title\nb,\n", "line 2, column Title"),
            ("Handle,Title,Price\n,,1\n", "line 2, column Handle"),
            ("", "the file"),
        ] {
            assert_eq!(read(text).expect_err("a slip").0, place, "{text:?}");
        }
    }
}
