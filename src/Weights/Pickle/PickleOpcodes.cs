namespace ResNeSt.Weights;

/// <summary>Names of opcodes that are refused, for messages.</summary>
internal static class PickleOpcodes
{
    /// <summary>The name in brackets after a space, or nothing for a byte that is no opcode.</summary>
    public static string NameOf(byte opcode)
    {
        string? name = opcode switch
        {
            (byte)'i' => "INST",
            (byte)'o' => "OBJ",
            0x81 => "NEWOBJ",
            0x92 => "NEWOBJ_EX",
            0x82 or 0x83 or 0x84 => "EXT",
            (byte)'P' => "PERSID",
            (byte)'0' => "POP",
            (byte)'1' => "POP_MARK",
            (byte)'2' => "DUP",
            (byte)'I' => "INT",
            (byte)'L' => "LONG",
            (byte)'F' => "FLOAT",
            (byte)'S' => "STRING",
            (byte)'T' => "BINSTRING",
            (byte)'V' => "UNICODE",
            (byte)'d' => "DICT",
            (byte)'l' => "LIST",
            (byte)'g' => "GET",
            (byte)'p' => "PUT",
            (byte)'B' => "BINBYTES",
            (byte)'C' => "SHORT_BINBYTES",
            0x8b => "LONG4",
            0x8d => "BINUNICODE8",
            0x8e => "BINBYTES8",
            0x8f => "EMPTY_SET",
            0x90 => "ADDITEMS",
            0x91 => "FROZENSET",
            0x96 => "BYTEARRAY8",
            0x97 => "NEXT_BUFFER",
            0x98 => "READONLY_BUFFER",
            _ => null,
        };
        return name is null ? "" : $" ({name})";
    }
}
