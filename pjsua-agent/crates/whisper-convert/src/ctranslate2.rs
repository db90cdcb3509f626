//! Reads CTranslate2's `model.bin`: a table of named tensors, little endian.
//!
//! ```text
//! u32 version (6), string specification, u32 revision, u32 count
//! count ×: string name, u8 rank, u32 × rank shape, u8 type, u32 bytes, data
//! u32 aliases, and for each: string alias, string name
//! ```
//!
//! A string is a u16 length, which counts the closing NUL, and the bytes.

use std::{
    collections::BTreeMap,
    io::{Read, Seek, SeekFrom},
};

use half::f16;

use crate::ConvertError;

/// The only version of the form that this reads.
const VERSION: u32 = 6;
const F32: u8 = 0;
const F16: u8 = 4;

/// The tensors of a model, read one at a time.
pub(crate) struct Model<R> {
    source: R,
    variables: BTreeMap<String, Variable>,
}

struct Variable {
    shape: Vec<usize>,
    kind: u8,
    offset: u64,
    bytes: u64,
}

/// A tensor as f16: its rows, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f16>,
}

impl Tensor {
    /// Part `number` of `count` equal parts of the rows.
    pub(crate) fn part(&self, number: usize, count: usize) -> Result<Tensor, ConvertError> {
        let rows = self.shape.first().copied().unwrap_or(0);
        if rows == 0 || rows % count != 0 {
            return Err(ConvertError::Model(format!("{rows} rows are not {count} equal parts")));
        }
        let length = self.values.len() / count;
        let mut shape = self.shape.clone();
        shape[0] = rows / count;
        Ok(Tensor { shape, values: self.values[number * length..(number + 1) * length].to_vec() })
    }
}

impl<R: Read + Seek> Model<R> {
    /// Reads the table; the data stay where they are.
    pub(crate) fn open(mut source: R) -> Result<Model<R>, ConvertError> {
        let end = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        let version = u32(&mut source)?;
        if version != VERSION {
            return Err(ConvertError::Model(format!("its version is {version}, not {VERSION}")));
        }
        let specification = string(&mut source)?;
        if specification != "WhisperSpec" {
            return Err(ConvertError::Model(format!("it is a {specification:?}")));
        }
        let _revision = u32(&mut source)?;
        let mut variables = BTreeMap::new();
        for _ in 0..u32(&mut source)? {
            let name = string(&mut source)?;
            let rank = byte(&mut source)?;
            let shape = (0..rank).map(|_| Ok(u32(&mut source)? as usize)).collect::<Result<Vec<_>, ConvertError>>()?;
            let kind = byte(&mut source)?;
            let bytes = u64::from(u32(&mut source)?);
            let offset = source.stream_position()?;
            if offset + bytes > end {
                return Err(ConvertError::Model(format!("it ends within {name}")));
            }
            source.seek(SeekFrom::Start(offset + bytes))?;
            variables.insert(name, Variable { shape, kind, offset, bytes });
        }
        Ok(Model { source, variables })
    }

    /// How many layers this side (`encoder`, `decoder`) has.
    pub(crate) fn layers(&self, side: &str) -> usize {
        let has = |layer: &usize| self.variables.contains_key(&format!("{side}/layer_{layer}/ffn/linear_0/weight"));
        (0..).take_while(has).count()
    }

    pub(crate) fn tensor(&mut self, name: &str) -> Result<Tensor, ConvertError> {
        let wrong = |problem: &str| ConvertError::Model(format!("{name} {problem}"));
        let variable = self.variables.get(name).ok_or_else(|| wrong("is missing"))?;
        let width = match variable.kind {
            F32 => 4,
            F16 => 2,
            _ => return Err(wrong("is quantised; only f16 and f32 weights can be converted")),
        };
        let count = variable.shape.iter().try_fold(1u64, |count, &rows| count.checked_mul(rows as u64));
        if count.and_then(|count| count.checked_mul(width)) != Some(variable.bytes) {
            return Err(wrong("is not as long as its shape says"));
        }
        self.source.seek(SeekFrom::Start(variable.offset))?;
        let mut data = vec![0; variable.bytes as usize];
        self.source.read_exact(&mut data)?;
        let values = match variable.kind {
            F32 => data.chunks_exact(4).map(|b| f16::from_f32(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect(),
            _ => data.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]])).collect(),
        };
        Ok(Tensor { shape: variable.shape.clone(), values })
    }
}

fn byte(source: &mut impl Read) -> Result<u8, ConvertError> {
    let mut bytes = [0];
    source.read_exact(&mut bytes)?;
    Ok(bytes[0])
}

fn u32(source: &mut impl Read) -> Result<u32, ConvertError> {
    let mut bytes = [0; 4];
    source.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn string(source: &mut impl Read) -> Result<String, ConvertError> {
    let mut length = [0; 2];
    source.read_exact(&mut length)?;
    let mut bytes = vec![0; usize::from(u16::from_le_bytes(length))];
    source.read_exact(&mut bytes)?;
    bytes.pop();
    String::from_utf8(bytes).map_err(|_| ConvertError::Model("a name in it is no text".into()))
}
