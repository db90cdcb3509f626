//! Protobuf's wire format, as far as it takes to move parts of a message unread. Pure.
//!
//! A generated reader drops the fields that it does not know, and a voice may come from any exporter; here what is kept is
//! kept byte for byte.

/// One field of a message.
#[derive(Clone, Copy, Debug)]
pub struct Field<'model> {
    /// Its number in the schema.
    pub number: u64,
    /// What it holds.
    pub value: Value<'model>,
    /// All of its bytes, tag and length included.
    pub raw: &'model [u8],
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Value<'model> {
    /// A varint.
    Number(u64),
    /// A text, a message or packed numbers.
    Bytes(&'model [u8]),
    /// Four or eight bytes.
    Fixed,
}

/// The bytes are no protobuf message.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the file is no protobuf message")]
pub struct Malformed;

impl<'model> Field<'model> {
    /// The bytes of a text or message; empty for numbers.
    pub fn bytes(&self) -> &'model [u8] {
        match self.value {
            Value::Bytes(bytes) => bytes,
            Value::Number(_) | Value::Fixed => &[],
        }
    }

    /// A text; empty where it is none.
    pub fn text(&self) -> &'model str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// The integers of a repeated field, packed or one of them.
    ///
    /// # Errors
    ///
    /// When a packed one breaks off.
    pub fn integers(&self) -> Result<Vec<i64>, Malformed> {
        match self.value {
            Value::Number(number) => Ok(vec![number.cast_signed()]),
            Value::Bytes(mut rest) => {
                let mut integers = Vec::new();
                while !rest.is_empty() {
                    integers.push(varint(&mut rest)?.cast_signed());
                }
                Ok(integers)
            }
            Value::Fixed => Err(Malformed),
        }
    }
}

/// The fields of a message in their order.
///
/// # Errors
///
/// When it breaks off within one.
pub fn fields(message: &[u8]) -> Result<Vec<Field<'_>>, Malformed> {
    let mut fields = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let begin = rest;
        let tag = varint(&mut rest)?;
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut rest)?),
            1 => take(&mut rest, 8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(varint(&mut rest)?).map_err(|_| Malformed)?;
                Value::Bytes(take(&mut rest, length)?)
            }
            5 => take(&mut rest, 4).map(|_| Value::Fixed)?,
            _ => return Err(Malformed),
        };
        fields.push(Field { number: tag >> 3, value, raw: &begin[..begin.len() - rest.len()] });
    }
    Ok(fields)
}

fn take<'model>(rest: &mut &'model [u8], length: usize) -> Result<&'model [u8], Malformed> {
    let (taken, after) = rest.split_at_checked(length).ok_or(Malformed)?;
    *rest = after;
    Ok(taken)
}

fn varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(Malformed)?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Malformed)
}

/// A message in the making.
#[derive(Clone, Debug, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    /// Appends a field as it was read.
    pub fn raw(&mut self, field: &[u8]) {
        self.0.extend_from_slice(field);
    }

    /// Appends a varint.
    pub fn number(&mut self, field: u64, number: u64) -> &mut Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    /// Appends a text or message.
    pub fn bytes(&mut self, field: u64, bytes: &[u8]) -> &mut Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.raw(bytes);
        self
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again_and_copied_byte_for_byte() {
        let mut message = Message::default();
        message.number(1, 300).bytes(7, b"graph").number(200, u64::MAX);
        message.raw(&[0x1d, 1, 2, 3, 4]);
        let fields = fields(&message.0).unwrap();
        assert_eq!(fields.iter().map(|field| field.number).collect::<Vec<_>>(), [1, 7, 200, 3]);
        assert_eq!((fields[0].integers(), fields[1].text()), (Ok(vec![300]), "graph"));
        assert_eq!(fields[2].integers(), Ok(vec![-1]));
        assert_eq!(fields.iter().flat_map(|field| field.raw).copied().collect::<Vec<_>>(), message.0);
    }

    #[test]
    fn packed_integers_are_read_like_single_ones() {
        let mut message = Message::default();
        message.bytes(8, &[3, 0x80, 1]);
        assert_eq!(fields(&message.0).unwrap()[0].integers(), Ok(vec![3, 128]));
    }

    #[test]
    fn a_message_that_breaks_off_is_refused() {
        let mut message = Message::default();
        message.bytes(7, b"graph");
        for length in 1..message.0.len() {
            assert_eq!(fields(&message.0[..length]).unwrap_err(), Malformed, "{length} bytes");
        }
        assert!(fields(&[0x0f]).is_err() && fields(&[0xff; 12]).is_err());
    }
}
