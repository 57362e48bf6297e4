//! Groups and datasets by their address in the file, for files of thousands of groups.
//!
//! The reader looks a path up from the root and keeps what it has parsed until the file is closed: of 20,000 episodes with
//! five columns each that is more than their numbers. What is of the usual kind is found here by the same parsers and
//! dropped after use; anything else is left to the reader, which also says what is wrong with it.

use std::collections::HashMap;

use hdf5_reader::btree_v1::collect_btree_v1_leaves_storage;
use hdf5_reader::error::{Error, Result};
use hdf5_reader::io::Cursor;
use hdf5_reader::local_heap::LocalHeap;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::dataspace::DataspaceType;
use hdf5_reader::messages::link::LinkTarget;
use hdf5_reader::messages::symbol_table_msg::SymbolTableMessage;
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::symbol_table::SymbolTableNode;
use hdf5_reader::{H5Type, Storage, StorageBuffer};

use super::column::About;
use super::number::Number;
use super::{Column, Hdf5};
use crate::ground::fault::Fault;

/// Largest part of a header that is parsed here.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// Kind of a symbol that names a path instead of an object.
const SOFT_LINK: u32 = 2;

/// Names in a group and the addresses of what they name.
pub(super) type Members = HashMap<String, u64>;

/// What is stored at an address.
struct Node(Vec<HdfMessage>);

impl Node {
    /// The object at `address`; nothing where its header needs the reader.
    fn at(file: &Hdf5, address: u64) -> Option<Self> {
        let sizes = file.file.superblock();
        let headers = Headers(file.file.storage());
        let header = ObjectHeader::parse_at_storage(&headers, address, sizes.offset_size, sizes.length_size).ok()?;
        let plain = header.messages.iter().all(|m| !matches!(m, HdfMessage::Shared(_) | HdfMessage::SharedTable(_)));
        plain.then_some(Self(header.messages))
    }

    /// What the group holds; nothing where a link leads elsewhere, or where it is not a group.
    fn members(&self, file: &Hdf5) -> Option<Members> {
        let mut members = Members::new();
        let mut is_group = false;
        for message in &self.0 {
            match message {
                HdfMessage::SymbolTable(table) => return symbols(file, table),
                HdfMessage::Link(link) => match link.target {
                    LinkTarget::Hard { address } => {
                        members.insert(link.name.clone(), address);
                    }
                    _ => return None,
                },
                HdfMessage::LinkInfo(info)
                    if Cursor::is_undefined_offset(info.fractal_heap_address, file.file.superblock().offset_size) =>
                {
                    is_group = true;
                }
                HdfMessage::LinkInfo(_) => return None,
                _ => {}
            }
        }
        is_group.then_some(members)
    }

    /// The number in an attribute; `Err` where the reader has to look.
    fn number(&self, name: &str) -> std::result::Result<Option<f64>, ()> {
        for message in &self.0 {
            match message {
                HdfMessage::Attribute(a) if a.name == name => {
                    let number = Number::decode_vec(&a.raw_data, &a.datatype, 1);
                    return Ok(number.and_then(std::result::Result::ok).and_then(|v| v.first().map(|v| v.0)));
                }
                HdfMessage::AttributeInfo(_) => return Err(()),
                _ => {}
            }
        }
        Ok(None)
    }

    /// What the dataset is; nothing where its values may not lie in the file as they are.
    fn about(self) -> Option<About> {
        let (mut shape, mut dtype, mut layout) = (None, None, None);
        for message in self.0 {
            match message {
                HdfMessage::Dataspace(space) if space.dataspace_type == DataspaceType::Simple => {
                    shape = Some(space.dims);
                }
                HdfMessage::Datatype(found) => dtype = Some(found.datatype),
                HdfMessage::DataLayout(found) => layout = Some(found.layout),
                HdfMessage::ExternalFiles(_) | HdfMessage::FilterPipeline(_) => return None,
                _ => {}
            }
        }
        Some(About { shape: shape?, dtype: dtype?, layout: layout? })
    }
}

/// The members of a group that keeps a table of symbols.
fn symbols(file: &Hdf5, table: &SymbolTableMessage) -> Option<Members> {
    let (storage, sizes) = (file.file.storage(), file.file.superblock());
    let (offset, length) = (sizes.offset_size, sizes.length_size);
    let heap = LocalHeap::parse_at_storage(storage, table.heap_address, offset, length).ok()?;
    let leaves = collect_btree_v1_leaves_storage(storage, table.btree_address, offset, length, None, &[], None).ok()?;
    if leaves.is_empty() {
        return Some(Members::new());
    }
    let names = storage.read_range(heap.data_segment_address, usize::try_from(heap.data_segment_size).ok()?).ok()?;
    let mut members = Members::new();
    for (_, address) in leaves {
        // Signature, version, a reserved byte and the number of symbols come before the symbols.
        let count = u16::from_le_bytes(storage.read_range(address, 8).ok()?[6..8].try_into().ok()?);
        let symbol = 2 * usize::from(offset) + 24;
        let node = storage.read_range(address, 8 + usize::from(count) * symbol).ok()?;
        for symbol in SymbolTableNode::parse(&mut Cursor::new(&node), offset, length).ok()?.entries {
            let name = names.get(usize::try_from(symbol.link_name_offset).ok()?..)?;
            let name = std::str::from_utf8(name.split(|&b| b == 0).next()?).ok()?;
            if symbol.cache_type == SOFT_LINK {
                return None;
            }
            members.entry(name.to_owned()).or_insert(symbol.object_header_address);
        }
    }
    Some(members)
}

/// Refuses parts of headers that are no headers.
struct Headers<'a>(&'a dyn Storage);

impl Storage for Headers<'_> {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_range(&self, offset: u64, len: usize) -> Result<StorageBuffer> {
        if len > MAX_HEADER_BYTES {
            return Err(Error::ResourceLimit(format!("a header of {len} bytes")));
        }
        self.0.read_range(offset, len)
    }
}

/// A group of the root.
pub struct Group<'f> {
    file: &'f Hdf5,
    name: String,
    node: Option<Node>,
    members: Option<Members>,
}

impl Hdf5 {
    /// The members of the root, if all are in this file.
    pub(super) fn root(&self) -> Option<&Members> {
        let find = || {
            let root = self.file.superblock().root_object_header_address().ok()?;
            Node::at(self, root)?.members(self)
        };
        self.root.get_or_init(find).as_ref()
    }

    /// Names of what the root holds.
    pub fn names(&self) -> Vec<String> {
        self.root().map_or_else(|| self.members(""), |members| members.keys().cloned().collect())
    }

    /// The group `name` of the root; that it is missing is said by what is asked of it.
    pub fn group(&self, name: &str) -> Group<'_> {
        let node = self.root().and_then(|members| Node::at(self, *members.get(name)?));
        let members = node.as_ref().and_then(|node| node.members(self));
        Group { file: self, name: name.to_owned(), node, members }
    }
}

impl<'f> Group<'f> {
    /// As [`Hdf5::column`] of `key` in this group.
    ///
    /// # Errors
    /// As [`Hdf5::column`].
    pub fn column(&self, key: &str) -> std::result::Result<Column<'f>, Fault> {
        let path = format!("{}/{key}", self.name);
        match self.about(key) {
            Some(about) => Column::at(self.file, path, about),
            None => self.file.column(&path),
        }
    }

    pub(super) fn about(&self, key: &str) -> Option<About> {
        let mut members = self.members.as_ref()?;
        let mut inner;
        let mut parts = key.split('/').peekable();
        loop {
            let node = Node::at(self.file, *members.get(parts.next()?)?)?;
            if parts.peek().is_none() {
                return node.about();
            }
            inner = node.members(self.file)?;
            members = &inner;
        }
    }

    /// As [`Hdf5::count_attribute`].
    pub fn count_attribute(&self, name: &str) -> Option<u64> {
        match self.node.as_ref().map(|node| node.number(name)) {
            Some(Ok(number)) => super::count(number?),
            _ => self.file.count_attribute(&self.name, name),
        }
    }
}
